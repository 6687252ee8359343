"""Differences between the sandbox and recordings that are meant."""

import re

_CONTACT = (
    "best_send_hour|last_click_date|last_mpp_open_date|last_open_date|mpp_tracking|sms_consent|"
    "sms_consent_updated_at|whatsapp_id|whatsapp_username"
)
_LATER = f"{_CONTACT}|adate|bounced_date|created_by|deleted_at|edate|rating_tstamp|socialdata_lastcheck|ua|updated_by"
_DEAL = "account|customerAccount|edate|nextdate|nexttaskid|organization|winProbability|winProbabilityMdate"
_MADE = "contactList|contactTag|fieldValue|list|tag"
_BLANK = "carboncopy|fulladdress|(un)?subscription_notify"
_FILLED = f"{_BLANK}|analytics_domains|facebook_session|ua|(created|updated)_by"
LISTED = {
    rf"contacts?(\[\])?\.({_CONTACT}) is more": "columns that contacts got later",
    r"contacts?(\[\])?\.(email_empty|sentiment) is missing": "gone from stored rows by 2026",
    r"contact\.(email_empty|hash) is missing": "creates answer with them in 2021, not in 2020 and 2026",
    r"tags?(\[\])?\.(deleted|links\.templateTags) is more": "columns that tags got later",
    r"lists?(\[\])?\.(channel|description) is more": "columns that lists got later",
    r"lists\[\]\.(active|non_deleted)_subscribers is more": "counts that listed lists got later",
    r"contactLists(\[\])?\.channel is more": "a column that they got later",
    r"contactDeals?(\[\])?\.(role|links\.role|(created|updated)_(by|timestamp)) is more": "columns they got later",
    r"deals(\[\])\.(nextdate|(links\.)?(account|customerAccount)) is more": "columns that deals got later",
    r"deals(\[\])\.nextTask is missing": "documented for one place of three",
    r"groups?(\[\])?\.pg(LandingPagesAccess|WebPersonalizationManage) is more": "permissions that groups got later",
    r"groups?(\[\])?\.pg\w+ is missing": "permissions that groups had or got in other years: none of them is known",
    r"field\.(created_by|updated_by|perstag) is more": "creates answer with them since 2021",
    r"contactAutomations\[\]\.(in_als|links\.automationLogs) is missing": "documented for one place of three",
    rf"contacts?(\[\])?\.({_LATER}) is NoneType, not str": "null until it happens to the contact, or is told",
    r"contact\.organization is NoneType, not str": "blank in creates before 2026, null since",
    r"contactLists(\[\])?\.(automation|campaign|form|message|udate) is NoneType, not str": "null until there is one",
    r"contactAutomations(\[\])?\.(batchid|remdate|timespan) is NoneType, not str": "null until it is through",
    rf"({_MADE})s?(\[\])?\.(created|updated)_by is NoneType, not str": "null before 2026",
    r"users?(\[\])?\.(lang|roles|(c|u)date|password_updated_utc_timestamp) is (more|missing)": "a language and roles, "
    "and no times, in 2026; the other way round before",
    r"note\.is_draft is more": "documented without it; recorded for a deal's",
    r"contact\.(firstName|lastName|phone) is more": "documented without what was not sent; recorded with it",
    r"group(Definitions is more|Members is missing)": "documented with groups; a live account has members",
    r"users?(\[\])?\.(password_updated_utc_timestamp|signature) is NoneType, not str": "null until there is one",
    r"fields?(\[\])?\.(created|updated)_by is str, not NoneType": "null in 2020",
    r"fieldOptions\[\]\.[cu]date is str, not NoneType": "null in options that every account begins with",
    rf"deals?(\[\])?\.({_DEAL}) is NoneType, not \w+": "null until it is so",
    rf"lists?(\[\])?\.({_BLANK}) is NoneType, not str": "blank in the list that an account of 2026 began with",
    rf"(contact|list)\.({_FILLED}) is str, not NoneType": "an update leaves them blank in 2026, not before",
    r"errors\[\]\.detail is missing": "documented with an empty one; live, a known address has none",
    r"(GET|PUT|DELETE) /\w+: status is 404, not 40[03]": "missing rows are recorded as 404, whatever is documented",
    r"POST /tags: status is 20[01], not 422": "a known tag was refused until 2023",
    r"(Success is missing|success is more)": "documented with a capital; recorded without",
    r"POST /\w+: status is 201, not 200": "some adds answer 200 in 2026: nobody knows which",
    r"POST /contactTags: status is 422, not 400": "a refused association was a 400 in 2021, a 422 in 2026",
}
"""Differences that are meant, by pattern, and why. Null is a type: where a column is null, it says so."""


def listed(difference: str) -> str | None:
    return next((pattern for pattern in LISTED if re.fullmatch(pattern, difference)), None)
