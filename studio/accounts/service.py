"""Accounts, their defaults and their keys. The caller owns the transaction."""

from studio.accounts.accounts import (
    account_defaults,
    create_account,
    get_account,
    list_accounts,
    new_account_defaults,
    save_defaults,
)
from studio.accounts.keyring import (
    authenticate,
    issue_key,
    key_info,
    list_keys,
    revoke_key,
    rotate_key,
    touch_key,
)
from studio.accounts.records import Account, IssuedKey, KeyInfo, Principal

__all__ = [
    "Account",
    "IssuedKey",
    "KeyInfo",
    "Principal",
    "account_defaults",
    "authenticate",
    "create_account",
    "get_account",
    "issue_key",
    "key_info",
    "list_accounts",
    "list_keys",
    "new_account_defaults",
    "revoke_key",
    "rotate_key",
    "save_defaults",
    "touch_key",
]
