# SPDX-License-Identifier: Apache-2.0 - the Backend API's User and Organization
"""Users and organizations as the Backend API shows them, with every member Clerk's have."""
from __future__ import annotations

from typing import Any, Iterable

from .users import Membership, Organization, User

CREATED_AT = 1_700_000_000_000  # milliseconds
MAX_MEMBERSHIPS = 5


def user_object(user: User) -> dict[str, Any]:
    """The primary e-mail address is not the first of the list where there are others."""
    others = [_email(user, address, f"Other{number}")
              for number, address in enumerate(user.other_email_addresses)]
    primary = _email(user, user.email, "")
    return {
        "id": user.id, "object": "user", "username": user.username,
        "first_name": user.first_name, "last_name": user.last_name,
        "image_url": f"https://img.example/{user.key}.png", "has_image": False,
        "primary_email_address_id": primary["id"], "primary_phone_number_id": None,
        "primary_web3_wallet_id": None, "email_addresses": [*others, primary],
        "phone_numbers": [], "web3_wallets": [], "passkeys": [], "external_accounts": [],
        "saml_accounts": [], "enterprise_accounts": [], "organization_memberships": None,
        "password_enabled": False, "password_last_updated_at": None,
        "two_factor_enabled": user.factor_ages[1] >= 0,
        "totp_enabled": user.factor_ages[1] >= 0, "backup_code_enabled": False,
        "external_id": user.external_id, "banned": user.banned, "locked": user.locked,
        "lockout_expires_in_seconds": None, "verification_attempts_remaining": 100,
        "delete_self_enabled": True, "create_organization_enabled": True,
        "create_organizations_limit": None, "legal_accepted_at": None, "locale": None,
        "public_metadata": user.public_metadata, "private_metadata": user.private_metadata,
        "unsafe_metadata": user.unsafe_metadata,
        "last_sign_in_at": CREATED_AT, "last_active_at": CREATED_AT,
        "created_at": CREATED_AT, "updated_at": CREATED_AT}


def _email(user: User, address: str, tail: str) -> dict[str, Any]:
    return {"id": user.id.replace("user_", "idn_") + tail, "object": "email_address",
            "email_address": address, "linked_to": [], "reserved": False,
            "verification": {"object": "verification_admin", "status": "verified",
                             "strategy": "email_code", "attempts": 1, "expire_at": None},
            "created_at": CREATED_AT, "updated_at": CREATED_AT}


def organization_object(organization: Organization,
                        memberships: Iterable[Membership]) -> dict[str, Any]:
    members = sum(1 for one in memberships if one.organization.id == organization.id)
    return {
        "id": organization.id, "object": "organization", "name": organization.name,
        "slug": organization.slug,
        "image_url": f"https://img.example/{organization.slug}.png", "has_image": False,
        "members_count": members, "pending_invitations_count": 0,
        "max_allowed_memberships": MAX_MEMBERSHIPS, "admin_delete_enabled": True,
        "public_metadata": organization.public_metadata,
        "private_metadata": organization.private_metadata, "created_by": None,
        "created_at": CREATED_AT, "updated_at": CREATED_AT}
