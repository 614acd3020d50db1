"""The console's addresses."""

from typing import Final

HOME: Final = "/"
SIGN_IN: Final = "/sign-in"
SIGN_UP: Final = "/sign-up"
SIGN_OUT: Final = "/sign-out"
RESET: Final = "/reset"
RENDERS: Final = "/renders"
NEW_RENDER: Final = "/renders/new"
PROFILE: Final = "/settings/profile"
DEFAULTS: Final = "/settings/defaults"
KEYS: Final = "/settings/keys"
WALLET: Final = "/settings/wallet"
OPERATORS: Final = "/operators"
OPERATOR_RUNS: Final = f"{OPERATORS}/runs"
OPERATOR_ACCOUNTS: Final = f"{OPERATORS}/accounts"
AUDIT: Final = f"{OPERATORS}/audit"
PRICES: Final = "/prices"
STATIC: Final = "/static"


def render_path(project_id: str) -> str:
    return f"{RENDERS}/{project_id}"
