"""The kinds of rows an account holds, but contacts."""

from typing import Final

from ._kind import DATES, NOW, STAMPS, Kind
from ._kind_columns import GROUP, LIST, PERMISSIONS
from ._kinds_of_contact import OF_CONTACT

KINDS: Final = (
    Kind(
        "users",
        "user",
        "User",
        ("lists", "userGroup", "dealGroupTotals", "dealGroupUsers", "configs", "dealConnection",
         "userConversationsPermission", "seatUser"),
        {"username": "", "firstName": "", "lastName": "", "email": "", "phone": "", "signature": None,
         "localZoneid": "America/Chicago", "password_updated_utc_timestamp": None, **DATES, "mfaEnabled": "0"},
    ),
    Kind(
        "userGroups",
        "userGroup",
        "UserGroup",
        ("group", "user"),
        {"userid": "1", "groupid": "3", **DATES, "group": "3", "user": "1"},
        {"user": "userid", "group": "groupid"},
    ),
    Kind(
        "userConversationsPermissions",
        "userConversationsPermission",
        "UserConversationsPermission",
        ("user",),
        {"user": "1", "permission": "0", "created_timestamp": NOW, "updated_timestamp": NOW},
    ),
    Kind(
        "groups",
        "group",
        "Group",
        ("userGroups", "groupLimit", "dealGroupGroups", "listGroups", "addressGroups", "automationGroups"),
        {"title": "", "descript": None, **GROUP, "sdate": None},
    ),
    Kind(
        "groupLimits",
        "groupLimit",
        "GroupLimit",
        ("group",),
        {"groupid": "3", "limitMail": "0", "limitMailType": "month", "limitContact": "0", "limitList": "0",
         "limitCampaign": "0", "limitCampaignType": "month", "limitAttachment": "-1", "limitUser": "0",
         "abuseRatio": "4", "forceSenderInfo": "0", "group": "3"},
        {"group": "groupid"},
    ),
    Kind(
        "tags",
        "tag",
        "Tag",
        ("contactGoalTags", "templateTags"),
        {"tagType": "contact", "tag": "", "description": "", "subscriber_count": "0", "cdate": NOW, **STAMPS,
         "deleted": "0"},
    ),
    Kind(
        "lists",
        "list",
        "_List",
        ("contactGoalLists", "user", "addressLists"),
        {"stringid": "", "userid": "0", "name": "", **LIST, "deletestamp": None, **DATES, **STAMPS,
         "channel": "email", "description": "", "user": None},
        {"user": "userid"},
    ),
    Kind(
        "listGroups", "listGroup", "ListGroup", ("list", "group"), {"list": "1", "group": "3", **PERMISSIONS}
    ),
    Kind(
        "exclusions",
        "exclusion",
        "Exclusion",
        None,
        {"matchPhrase": "", "matchType": "exact", "channel": "all", "hidden": False, "lists": []},
    ),
    Kind(
        "fields",
        "field",
        "Field",
        ("options", "relations"),
        {"title": "", "descript": None, "type": "text", "isrequired": "0", "perstag": "", "defval": None,
         "show_in_list": "0", "rows": "0", "cols": "0", "visible": "1", "service": "", "ordernum": "1", **DATES,
         **STAMPS, "created_by": "1", "updated_by": "1"},
    ),
    Kind(
        "fieldOptions",
        "fieldOption",
        "FieldOption",
        ("field",),
        {"field": "1", "orderid": "0", "value": "", "label": "", "isdefault": "0", **DATES},
    ),
    Kind("fieldRels", "fieldRel", "FieldRel", (), {"field": "1", "relid": "0", "dorder": "0", "cdate": NOW}),
    Kind(
        "groupDefinitions",
        "groupDefinition",
        "GroupDefinition",
        ("groupMembers", "groupType"),
        {"type_id": 1, "label": "", "ordernum": 1},
        paths={"groupMembers": "groupMembers?group_id={id}", "groupType": "groupTypes/{type_id}"},
        numeric=True,
    ),
    Kind(
        "groupMembers",
        "groupMember",
        "GroupMember",
        ("groupDefinition",),
        {"group_id": 1, "rel_id": 1, "ordernum": 1},
        paths={"groupDefinition": "groupDefinitions/{group_id}"},
        numeric=True,
    ),
    Kind(
        "automations",
        "automation",
        "Series",
        ("campaigns", "contactGoals", "contactAutomations", "blocks", "goals", "sms", "sitemessages", "triggers"),
        {"name": "", "cdate": NOW, "mdate": NOW, "userid": "1", "status": "1", "entered": "0", "exited": "0",
         "hidden": "0", "entitlements_violation": "0", "source": "6", "description": "",
         "exit_on_unsubscribe": "0", "exit_on_conversion": "0", "multientry": "1", "defaultscreenshot": "",
         "screenshot": ""},
    ),
    *OF_CONTACT,
)  # fmt: skip
