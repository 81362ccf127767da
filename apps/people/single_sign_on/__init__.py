"""Sign-in at the organisation's identity provider: OpenID Connect on top of django-allauth.

allauth carries state, PKCE and the code; here the ID token is checked in full, the account is found, and a person
who is signed in is asked for again before a signature.
"""
