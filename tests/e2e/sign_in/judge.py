"""Signs in to a cloud with libraries that we did not write, and judges what they are told.

    judge.py authlib|oauthlib http://127.0.0.1:PORT

1. The library is told what the server offers, and begins (RFC 8414, RFC 8628).
2. It polls too fast, and has to be slowed down.
3. The code is printed, and a line on standard input says that a person has decided.
4. It collects its tokens, and checks the signature and the claims of the access token by the
   published keys (RFC 7517, RFC 9068); it refreshes, and signs out (RFC 7009).
5. A refresh token that was used is refused.

Prints `good` in the end.
"""
import json
import os
import sys
import urllib.request

os.environ["OAUTHLIB_INSECURE_TRANSPORT"] = "1"  # loopback
import requests
from authlib.integrations.requests_client import OAuth2Session as Authlib
from authlib.integrations.base_client.errors import OAuthError
from authlib.jose import JsonWebKey, JsonWebToken
from oauthlib.oauth2 import DeviceClient, OAuth2Error
from requests_oauthlib import OAuth2Session as Oauthlib

CLIENT = "d1-cli"
GRANT = "urn:ietf:params:oauth:grant-type:device_code"
SCOPE = "credits:read offline_access"


def document(url):
    with urllib.request.urlopen(url) as answer:
        return json.load(answer)


def session(library):
    if library == "authlib":
        return Authlib(CLIENT, token_endpoint_auth_method="none", scope=SCOPE)
    return Oauthlib(client=DeviceClient(CLIENT), scope=SCOPE)


def collect(library, oauth, server, code):
    if library == "authlib":
        return oauth.fetch_token(server["token_endpoint"], grant_type=GRANT, device_code=code)
    return oauth.fetch_token(server["token_endpoint"], device_code=code, include_client_id=True)


def refresh(library, oauth, server, token):
    url = server["token_endpoint"]
    if library == "authlib":
        return oauth.refresh_token(url, refresh_token=token)
    return oauth.refresh_token(url, refresh_token=token, client_id=CLIENT)


def refused(ask):
    try:
        ask()
    except (OAuthError, OAuth2Error) as error:
        return error.error
    raise AssertionError("it was not refused")


def verify(server, home, access):
    keys = JsonWebKey.import_key_set(document(server["jwks_uri"]))
    rules = {
        "iss": {"essential": True, "value": home},
        "aud": {"essential": True, "value": home + "/api"},
        "sub": {"essential": True},
        "client_id": {"essential": True, "value": CLIENT},
        "jti": {"essential": True},
        "iat": {"essential": True},
        "exp": {"essential": True},
    }
    claims = JsonWebToken(["ES256"]).decode(access, keys, claims_options=rules)
    claims.validate()
    assert claims.header["typ"] == "at+jwt", claims.header
    assert set(claims["scope"].split()) == set(SCOPE.split()), claims["scope"]


def main(library, home):
    server = document(home + "/.well-known/oauth-authorization-server")
    assert server["issuer"] == home, server
    assert GRANT in server["grant_types_supported"], server
    begun = requests.post(
        server["device_authorization_endpoint"], data={"client_id": CLIENT, "scope": SCOPE}
    ).json()
    oauth = session(library)
    ask = lambda: collect(library, oauth, server, begun["device_code"])
    told = [refused(ask), refused(ask)]
    assert told == ["authorization_pending", "slow_down"], told
    print(begun["user_code"], flush=True)
    sys.stdin.readline()
    first = ask()
    verify(server, home, first["access_token"])
    second = refresh(library, oauth, server, first["refresh_token"])
    assert second["refresh_token"] != first["refresh_token"]
    verify(server, home, second["access_token"])
    balance = home + "/api/v1/user/balance"
    asked = requests.get(balance, headers={"Authorization": "Bearer " + second["access_token"]})
    assert asked.status_code == 200, asked.text
    told = refused(lambda: refresh(library, session(library), server, first["refresh_token"]))
    assert told == "invalid_grant", told
    form = {"client_id": CLIENT, "token": second["refresh_token"]}
    assert requests.post(server["revocation_endpoint"], data=form).status_code == 200
    asked = requests.get(balance, headers={"Authorization": "Bearer " + second["access_token"]})
    assert asked.status_code == 401, asked.text
    print("good", flush=True)


main(*sys.argv[1:])
