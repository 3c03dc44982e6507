"""A broker that asks for a password over TLS, beside the plain listener of the local cluster's recipe."""

import datetime
import ipaddress
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from pydantic import SecretStr

from deploy.local import jars, ports
from deploy.local.engines import KafkaEngine
from deploy.local.java import java_command
from deploy.local.kafka import kafka_spec
from deploy.local.reaping import Reaper

USER, PASSWORD = "kaiwa", "a long secret"


@dataclass(frozen=True)
class SecureKafka:
    """Where it listens for those who sign in, and whom they trust."""

    port: int
    ca_file: Path

    def settings(self, password: str = PASSWORD) -> dict[str, Any]:
        """What a process is told in place of the plain listener."""
        return {
            "kafka_bootstrap": f"127.0.0.1:{self.port}",
            "kafka_security_protocol": "SASL_SSL",
            "kafka_sasl_mechanism": "SCRAM-SHA-512",
            "kafka_sasl_username": USER,
            "kafka_sasl_password": SecretStr(password),
            "kafka_ca_file": str(self.ca_file),
        }


@contextmanager
def secure_kafka(folder: Path) -> Iterator[SecureKafka]:
    """A running broker with one SCRAM user; it ends with the context."""
    port = ports.free_block(3)
    ca_file = _certificate(folder)
    spec = kafka_spec(folder / "kafka", port=port, controller_port=port + 1, log=folder / "kafka.log")
    with (folder / "kafka" / "server.properties").open("a", encoding="utf-8") as properties:
        # The last of two lines for one name counts.
        properties.write(_properties(port, folder / "broker.pem"))
    reaper = Reaper()
    engine = KafkaEngine(spec, reaper)
    try:
        engine.start()
        _add_user(engine.bootstrap)
        yield SecureKafka(port + 2, ca_file)
    finally:
        engine.kill()
        reaper.close()


def _properties(port: int, keystore: Path) -> str:
    listeners = f"PLAINTEXT://127.0.0.1:{port},SASL_SSL://127.0.0.1:{port + 2}"
    return f"""
listeners={listeners},CONTROLLER://127.0.0.1:{port + 1}
advertised.listeners={listeners}
listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT,SASL_SSL:SASL_SSL
sasl.enabled.mechanisms=SCRAM-SHA-512
listener.name.sasl_ssl.scram-sha-512.sasl.jaas.config=org.apache.kafka.common.security.scram.ScramLoginModule required;
ssl.keystore.type=PEM
ssl.keystore.location={keystore}
"""


def _add_user(bootstrap: str) -> None:
    command = (
        *java_command(128),
        "-cp",
        jars.class_path(jars.KAFKA_LOCK),
        "kafka.admin.ConfigCommand",
        *("--bootstrap-server", bootstrap, "--alter", "--entity-type", "users", "--entity-name", USER),
        *("--add-config", f"SCRAM-SHA-512=[iterations=4096,password={PASSWORD}]"),
    )
    subprocess.run(command, check=True, capture_output=True, timeout=60)


def _certificate(folder: Path) -> Path:
    """Write `broker.pem`, a certificate for 127.0.0.1 that vouches for itself, and `ca.pem`, who is to be trusted."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "broker")])
    now = datetime.datetime.now(datetime.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    certificate = made.public_bytes(serialization.Encoding.PEM)
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    (folder / "broker.pem").write_bytes(private + certificate)
    (folder / "ca.pem").write_bytes(certificate)
    return folder / "ca.pem"
