"""Callers with credentials: users of a Cognito pool, and requests with a signature of AWS's version 4."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from skylayer.aws import emulator as emulators


@dataclass(frozen=True)
class Pool:
    """A user pool, and the ID token of a user of it."""

    arn: str
    token: str


def pool(cognito: Any, name: str) -> Pool:
    """A new user pool with one user, who has signed in."""
    password = {"Username": "caller", "Password": "Correct-horse-1"}
    made = cognito.create_user_pool(PoolName=name)["UserPool"]
    identifier = made["Id"]
    client = cognito.create_user_pool_client(
        UserPoolId=identifier, ClientName=name, ExplicitAuthFlows=["ALLOW_ADMIN_USER_PASSWORD_AUTH"]
    )["UserPoolClient"]["ClientId"]
    cognito.admin_create_user(UserPoolId=identifier, Username="caller", MessageAction="SUPPRESS")
    cognito.admin_set_user_password(UserPoolId=identifier, Permanent=True, **password)
    signed_in = cognito.admin_initiate_auth(
        UserPoolId=identifier,
        ClientId=client,
        AuthFlow="ADMIN_USER_PASSWORD_AUTH",
        AuthParameters={name.upper(): value for name, value in password.items()},
    )
    return Pool(made["Arn"], signed_in["AuthenticationResult"]["IdToken"])


def signature(url: str) -> dict[str, str]:
    """Headers that sign `GET url` with the emulator's credentials."""
    request = AWSRequest("GET", url)
    SigV4Auth(Credentials("test", "test"), "execute-api", emulators.REGION).add_auth(request)
    return {name.lower(): value for name, value in request.headers.items()}
