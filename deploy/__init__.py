"""How Kaiwa is brought up: ``local/`` without containers, ``issuer/`` the development stand-in for Cognito."""
