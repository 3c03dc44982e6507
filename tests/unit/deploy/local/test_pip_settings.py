from __future__ import annotations

from deploy.local import pip_settings

LISTING = """\
global.cert='/etc/company.pem'
global.index-url='https://mirror.example/simple'
global.extra-index-url='\\nhttps://one.example/simple\\nhttps://two.example/simple'
install.find-links='/wheels /more'
:env:.index-url='https://other.example/simple'
"""


def test_the_environment_goes_over_the_files() -> None:
    options = pip_settings.parse(LISTING)
    assert options["index-url"] == "https://other.example/simple"
    assert options["cert"] == "/etc/company.pem"


def test_uv_is_told_what_pip_knows() -> None:
    told = pip_settings.for_uv(pip_settings.parse(LISTING), {})
    assert told == {
        "UV_DEFAULT_INDEX": "https://other.example/simple",
        "UV_INDEX": "https://one.example/simple https://two.example/simple",
        "UV_INDEX_STRATEGY": "unsafe-best-match",
        "UV_FIND_LINKS": "/wheels,/more",
        "SSL_CERT_FILE": "/etc/company.pem",
    }


def test_what_uv_was_told_itself_wins() -> None:
    environ = {"UV_DEFAULT_INDEX": "https://mine.example/simple", "HOME": "/h"}
    told = pip_settings.for_uv({"index-url": "https://pip.example/simple"}, environ)
    assert told == environ


def test_nothing_sends_the_packages_elsewhere() -> None:
    environ = {"PIP_TARGET": "/t", "PIP_USER": "1", "PIP_CONSTRAINT": "c.txt", "VIRTUAL_ENV": "/v", "PATH": "/bin"}
    assert pip_settings.for_pip(environ) == {"PATH": "/bin"}


def test_what_is_no_setting_is_passed_over() -> None:
    assert pip_settings.parse("WARNING: something\n\nglobal.cert\n") == {}
