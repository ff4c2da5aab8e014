# SPDX-License-Identifier: Apache-2.0 - the people and the organization the stand-in knows
"""Users, their organization, and how a membership is written into session claims."""
from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

from .ids import fixed_id


@dataclass(frozen=True)
class Organization:
    """An organization: its features in the order of the `fea` claim, and its permissions."""
    id: str
    slug: str
    name: str
    features: tuple[str, ...] = ()
    permissions: tuple[str, ...] = ()
    plan: str | None = None
    public_metadata: dict[str, Any] = field(default_factory=dict)
    private_metadata: dict[str, Any] = field(
        default_factory=lambda: {"note": "must never leave the server"})


@dataclass(frozen=True)
class Membership:
    """A role in an organization, and the permissions as `feature:permission`."""
    organization: Organization
    role: str
    grants: tuple[str, ...] = ()

    def full_permissions(self) -> list[str]:
        return [f"org:{grant}" for grant in self.grants]

    def masks(self) -> str:
        """The `fpm` claim: per feature, the bits of the permissions granted for it."""
        masks = []
        for feature in self.organization.features:
            bits = (1 << index for index, name in enumerate(self.organization.permissions)
                    if f"{feature}:{name}" in self.grants)
            masks.append(str(sum(bits)))
        return ",".join(masks)


@dataclass(frozen=True)
class User:
    """A person; `key` is the short word by which tests and pages name them."""
    key: str
    id: str
    session_id: str
    first_name: str
    last_name: str
    description: str
    membership: Membership | None = None
    pending: bool = False
    actor: dict[str, Any] | None = None
    features: tuple[str, ...] = ()
    plan: str | None = None
    factor_ages: tuple[int, int] = (0, -1)
    public_metadata: dict[str, Any] = field(default_factory=dict)
    private_metadata: dict[str, Any] = field(
        default_factory=lambda: {"note": "must never leave the server"})
    unsafe_metadata: dict[str, Any] = field(default_factory=dict)
    other_memberships: tuple[Membership, ...] = ()
    username: str | None = None
    email_address: str | None = None        # the primary one, where it is not made of the name
    other_email_addresses: tuple[str, ...] = ()
    external_id: str | None = None
    banned: bool = False
    locked: bool = False

    @property
    def email(self) -> str:
        return self.email_address or \
            f"{self.first_name}.{self.last_name}@acme.example".lower()

    @property
    def memberships(self) -> tuple[Membership, ...]:
        return ((self.membership,) if self.membership else ()) + self.other_memberships

    def acting_in(self, organization_id: str | None) -> User:
        """This user with that organization active, and none where there is no such membership."""
        active = next((one for one in self.memberships
                       if one.organization.id == organization_id), None)
        others = tuple(one for one in self.memberships if one is not active)
        return replace(self, membership=active, other_memberships=others)


ACME = Organization(
    id=fixed_id("org", "Acme"), slug="acme", name="Acme",
    features=("invoices", "reports"), permissions=("read", "create", "delete"), plan="team")

GLOBEX = Organization(
    id=fixed_id("org", "Globex"), slug="globex", name="Globex",
    features=("invoices",), permissions=("read", "create"))

ORGANIZATIONS = (ACME, GLOBEX)

ADMIN = User(
    key="admin", id=fixed_id("user", "Admin"), session_id=fixed_id("sess", "Admin"),
    first_name="Ada", last_name="Admin", description="admin of Acme",
    membership=Membership(ACME, "admin", (
        "invoices:read", "invoices:create", "invoices:delete", "reports:read", "reports:create")),
    features=("dashboard",), plan="free", factor_ages=(0, 0),
    other_memberships=(Membership(GLOBEX, "member", ("invoices:read",)),),
    public_metadata={"theme": "dark"}, unsafe_metadata={"nickname": "Countess"})

MEMBER = User(
    key="member", id=fixed_id("user", "Member"), session_id=fixed_id("sess", "Member"),
    first_name="Max", last_name="Member", description="member of Acme",
    membership=Membership(ACME, "member", ("invoices:read", "reports:read")),
    features=("dashboard",), plan="free")

SOLO = User(
    key="solo", id=fixed_id("user", "Solo"), session_id=fixed_id("sess", "Solo"),
    first_name="Sol", last_name="Solo", description="no organization")

PENDING = User(
    key="pending", id=fixed_id("user", "Pending"), session_id=fixed_id("sess", "Pending"),
    first_name="Pia", last_name="Pending", description="has a task to do before the session counts",
    pending=True)

IMPERSONATED = User(
    key="impersonated", id=fixed_id("user", "Imperson"),
    session_id=fixed_id("sess", "Imperson"),
    first_name="Ida", last_name="Impersonated", description="member of Acme, used by a supporter",
    membership=Membership(ACME, "member", ("invoices:read", "reports:read")),
    actor={"iss": "https://dashboard.clerk.com", "sub": fixed_id("user", "Support")})

USERS = (ADMIN, MEMBER, SOLO, PENDING, IMPERSONATED)


class Directory:
    """The users of one instance, found by short key or by id; control may change them."""

    def __init__(self, users: tuple[User, ...] = USERS):
        self._users = {user.key: user for user in users}

    def __iter__(self):
        return iter(list(self._users.values()))

    def find(self, key_or_id: str) -> User | None:
        for user in self:
            if key_or_id in (user.key, user.id):
                return user
        return None

    def change(self, key_or_id: str, fields: dict[str, Any]) -> User:
        """Set fields of a user; `role` (null: leave Acme) and `grants` go to the membership."""
        user = self.find(key_or_id)
        if user is None:
            raise KeyError(f"no user {key_or_id}")
        fields = {name: tuple(value) if isinstance(value, list) else value
                  for name, value in fields.items()}
        member = {name: fields.pop(name) for name in ("role", "grants") if name in fields}
        if member:
            fields["membership"] = _changed_membership(user.membership, member)
        changed = replace(user, **fields)
        self._users[changed.key] = changed
        return changed

    def remove(self, key_or_id: str) -> None:
        user = self.find(key_or_id)
        if user is None:
            raise KeyError(f"no user {key_or_id}")
        del self._users[user.key]


def _changed_membership(membership: Membership | None, fields: dict[str, Any]) -> Membership | None:
    if "role" in fields and fields["role"] is None:
        return None
    return replace(membership or Membership(ACME, "member"), **fields)


def claims_v2(user: User) -> dict[str, Any]:
    """Claims of a version 2 session token that depend on who the user is."""
    # User features stand first: a reader that counts them in `fpm` gets it wrong.
    claims: dict[str, Any] = {"v": 2}
    features = [f"u:{name}" for name in user.features]
    plans = [f"u:{user.plan}"] if user.plan else []
    if user.membership:
        organization = user.membership.organization
        features += [f"o:{name}" for name in organization.features]
        plans += [f"o:{organization.plan}"] if organization.plan else []
        claims["o"] = {"id": organization.id, "slg": organization.slug,
                       "rol": user.membership.role,
                       "per": ",".join(organization.permissions),
                       "fpm": user.membership.masks()}
    if features:
        claims["fea"] = ",".join(features)
    if plans:
        claims["pla"] = ",".join(plans)
    return claims


def claims_v1(user: User) -> dict[str, Any]:
    """The same in version 1: flat organization claims, no features and plans."""
    if user.membership is None:
        return {}
    organization = user.membership.organization
    return {"org_id": organization.id, "org_slug": organization.slug,
            "org_role": f"org:{user.membership.role}",
            "org_permissions": user.membership.full_permissions()}
