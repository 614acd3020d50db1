"""Accounts, their defaults, standing and keys. The caller owns the transaction."""

from studio.accounts.accounts import (
    account_defaults,
    check_name,
    create_account,
    get_account,
    list_accounts,
    new_account_defaults,
    new_account_id,
    rename_account,
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
from studio.accounts.records import Account, IssuedKey, KeyInfo, KeyTerms, Principal, Watched
from studio.accounts.standing import (
    list_watched,
    note_balance,
    require_active,
    resume_account,
    set_low_balance,
    set_role,
    suspend_account,
)
from studio.accounts.tables import AccountRole, KeyEnvironment, KeyScope

__all__ = [
    "Account",
    "AccountRole",
    "IssuedKey",
    "KeyEnvironment",
    "KeyInfo",
    "KeyScope",
    "KeyTerms",
    "Principal",
    "Watched",
    "account_defaults",
    "authenticate",
    "check_name",
    "create_account",
    "get_account",
    "issue_key",
    "key_info",
    "list_accounts",
    "list_keys",
    "list_watched",
    "new_account_defaults",
    "new_account_id",
    "note_balance",
    "rename_account",
    "require_active",
    "resume_account",
    "revoke_key",
    "rotate_key",
    "save_defaults",
    "set_low_balance",
    "set_role",
    "suspend_account",
    "touch_key",
]
