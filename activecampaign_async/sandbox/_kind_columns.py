"""The long rows: a group's permissions, a list's settings, what a group may do with a list."""

from typing import Final

from ._wire import Row

_GRANTED = (
    "pgReportsTrend pgReportsDeal pgStartupGettingstarted pgAccountAdd pgAccountEdit pgAccountDelete "
    "pgAccountManageCustomField pgDeal pgDealDelete pgDealReassign pgDealFields pgDealGroupAdd "
    "pgDealGroupEdit pgDealGroupDelete pgContactResubscribe"
)
_WITHHELD = (
    "pgListAdd pgListEdit pgListDelete pgListHeaders pgListEmailaccount pgListBounce pgMessageAdd "
    "pgMessageEdit pgMessageDelete pgMessageSend pgContactAdd pgContactEdit pgContactDelete "
    "pgContactMerge pgContactImport pgContactApprove pgContactExport pgContactSync pgContactFilters "
    "pgContactActions pgContactFields pg_user_add pg_user_edit pg_user_delete pgGroupAdd pgGroupEdit "
    "pgGroupDelete pgTemplateAdd pgTemplateEdit pgTemplateDelete pgPersonalizationAdd "
    "pgPersonalizationEdit pgPersonalizationDelete pgAutomationManage pgFormEdit pgReportsCampaign "
    "pgReportsList pgReportsUser pgStartupReports pgSavedResponsesManage pgMfaAdmin pgDealExport "
    "pgDealManageRoles pgAccountNoteAdd pgAccountNoteEdit pgAccountNoteDelete pgDealNoteAdd "
    "pgDealNoteEdit pgDealNoteDelete pgDealListAll pgTagManage pgDealImport pgAccountImport "
    "pgAccountExport pgLandingPagesAccess pgWebPersonalizationManage"
)
GROUP: Final[Row] = {
    "unsubscribelink": "0", "optinconfirm": "0", "p_admin": "1", "reqApproval": "0", "reqApproval1st": "2",
    "reqApprovalNotify": "", "socialdata": "0",
    **dict.fromkeys(_GRANTED.split(), "1"), **dict.fromkeys(_WITHHELD.split(), "0"),
}  # fmt: skip
"""A new group: what it may do is on where the vendor leaves it on."""
ADMIN: Final[Row] = GROUP | dict.fromkeys(_WITHHELD.split(), "1")
"""The group an account begins with."""

LIST: Final[Row] = {
    "p_use_tracking": "1", "p_use_analytics_read": "0", "p_use_analytics_link": "0", "p_use_twitter": "0",
    "p_use_facebook": "0", "p_embed_image": "1", "p_use_captcha": "1", "send_last_broadcast": "0",
    "private": "0", "analytics_domains": None, "analytics_source": "", "analytics_ua": "",
    "twitter_token": "", "twitter_token_secret": "", "facebook_session": None, "carboncopy": None,
    "subscription_notify": None, "unsubscription_notify": None, "require_name": "0",
    "get_unsubscribe_reason": "0", "to_name": "Subscriber", "optinoptout": "1", "sender_name": "",
    "sender_addr1": "", "sender_addr2": "", "sender_city": "", "sender_state": "", "sender_zip": "",
    "sender_country": "", "sender_phone": "", "sender_url": "https://example.com",
    "sender_reminder": "You signed up.", "fulladdress": None, "optinmessageid": "0", "optoutconf": "0",
}  # fmt: skip
LIST_FILLED: Final[Row] = {
    "analytics_domains": "", "facebook_session": "", "carboncopy": "", "subscription_notify": "",
    "unsubscription_notify": "", "fulladdress": "", "created_by": "0",
}  # fmt: skip
"""Null until the first change of the list, which writes them too."""

_PERMISSIONS = (
    "p_list_add p_list_edit p_list_delete p_list_sync p_list_filter p_message_add p_message_edit "
    "p_message_delete p_message_send p_subscriber_add p_subscriber_edit p_subscriber_delete "
    "p_subscriber_import p_subscriber_approve"
)
PERMISSIONS: Final[Row] = dict.fromkeys(_PERMISSIONS.split(), "0")
