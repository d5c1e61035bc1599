"""Signing in by the company's provider: OpenID Connect, code flow with PKCE, by Authlib."""
