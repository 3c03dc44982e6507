"""Whose tokens are believed (spec 2)."""

from dataclasses import dataclass

from chassis.settings import IssuerSettings

WELL_KNOWN = "/.well-known/jwks.json"


@dataclass(frozen=True, kw_only=True)
class IssuerConfig:
    """One issuer, Cognito or any other that speaks OpenID Connect."""

    issuer: str
    """Compared with `iss`, character by character."""
    client_ids: tuple[str, ...]
    """`aud` must be one of them."""
    jwks_url: str | None = None
    """Where the keys are, if not under the issuer. A token can never change it."""
    leeway_s: float = 0.0
    """How far the issuer's clock may be off, either way."""
    token_use: str | None = "id"  # noqa: S105  a kind of token
    """What `token_use` must say; None for an issuer other than Cognito, whose tokens have no such claim."""
    groups_claim: str = "cognito:groups"

    @classmethod
    def of(cls, settings: IssuerSettings) -> "IssuerConfig":
        """The issuer that the settings of a process name."""
        return cls(
            issuer=settings.issuer,
            client_ids=settings.client_ids,
            jwks_url=settings.jwks_url,
            leeway_s=settings.token_leeway_s,
            token_use={"id": "id", "any": None}[settings.token_use],
            groups_claim=settings.groups_claim,
        )

    @property
    def keys_url(self) -> str:
        """Where the key set is fetched."""
        return self.jwks_url or self.issuer.rstrip("/") + WELL_KNOWN


def cognito_issuer(region: str, pool_id: str) -> str:
    """The issuer of a Cognito user pool."""
    return f"https://cognito-idp.{region}.amazonaws.com/{pool_id}"
