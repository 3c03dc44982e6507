"""Why a signed request is refused (spec 6): each as API Gateway's own answer, with a detail for whoever debugs it."""

from typing import ClassVar, Final

from contracts.connection_api import BAD_SIGNATURE, UNKNOWN_KEY, UNSIGNED, ApiError


class SignatureError(Exception):
    """The request is refused with `answer`; the text says what is wrong and holds no secret and no signature."""

    answer: ClassVar[ApiError] = BAD_SIGNATURE
    retryable: Final = False

    @property
    def code(self) -> str:
        """The `x-amzn-ErrorType`."""
        return self.answer.type


class MissingAuthenticationToken(SignatureError):
    """Not signed at all, or not in a header."""

    answer = UNSIGNED


class UnrecognizedClient(SignatureError):
    """Signed with a key that is not one of ours."""

    answer = UNKNOWN_KEY


class InvalidSignature(SignatureError):
    """Signed, but not this request, not now, not for us, or not all of it."""

    answer = BAD_SIGNATURE
