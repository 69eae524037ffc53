# SPDX-License-Identifier: Apache-2.0
"""What people do in the clinic: permission, one transaction, audit, result.

Every service takes ``now`` and raises ``AccessError`` for a record that is not there or not the
actor's (the middleware turns it into one neutral 404). Pages call services and nothing below.
"""

from __future__ import annotations

from attunement.clinic.services.caseload import caseload
from attunement.clinic.services.client_forms import (
    client_form,
    client_moments,
    leaves_all_out,
    record_client_response,
)
from attunement.clinic.services.dyad import dyad_overview
from attunement.clinic.services.fields import field_name, raw_fields
from attunement.clinic.services.invitations import (
    TooManyTriesError,
    invite_client,
    open_invitation,
    revoke_invitation,
)
from attunement.clinic.services.picture import session_picture
from attunement.clinic.services.results import (
    AlreadyIn,
    Caseload,
    CaseRow,
    Chart,
    ChartLine,
    ChartMark,
    ClientForm,
    Comment,
    DyadOverview,
    FieldProblem,
    IssuedInvitation,
    ItemPair,
    Note,
    Receipt,
    ReceiptStatus,
    Refused,
    Revealed,
    SessionOverview,
    SessionRow,
    SessionState,
    ShownSignal,
    StartedSession,
    Surprise,
    TherapistForm,
    Typed,
    Waiting,
    WaitingFor,
)
from attunement.clinic.services.secrets_of_links import draft_key, mark_of_grant
from attunement.clinic.services.sessions import session_overview, start_session
from attunement.clinic.services.signal_answers import (
    answer_signal,
    name_rupture,
    set_budget,
    signal_why,
    signals_this_week,
)
from attunement.clinic.services.signal_results import (
    AuditedRule,
    ListedSignal,
    LookBack,
    RuleAuditPage,
    Said,
    SettingRow,
    SignalList,
    SignalWhy,
)
from attunement.clinic.services.therapist_forms import record_therapist_response, therapist_form
from attunement.clinic.services.tuning import rule_audit, save_setting, try_setting

__all__ = [
    "AlreadyIn",
    "AuditedRule",
    "CaseRow",
    "Caseload",
    "Chart",
    "ChartLine",
    "ChartMark",
    "ClientForm",
    "Comment",
    "DyadOverview",
    "FieldProblem",
    "IssuedInvitation",
    "ItemPair",
    "ListedSignal",
    "LookBack",
    "Note",
    "Receipt",
    "ReceiptStatus",
    "Refused",
    "Revealed",
    "RuleAuditPage",
    "Said",
    "SessionOverview",
    "SessionRow",
    "SessionState",
    "SettingRow",
    "ShownSignal",
    "SignalList",
    "SignalWhy",
    "StartedSession",
    "Surprise",
    "TherapistForm",
    "TooManyTriesError",
    "Typed",
    "Waiting",
    "WaitingFor",
    "answer_signal",
    "caseload",
    "client_form",
    "client_moments",
    "draft_key",
    "dyad_overview",
    "field_name",
    "invite_client",
    "leaves_all_out",
    "mark_of_grant",
    "name_rupture",
    "open_invitation",
    "raw_fields",
    "record_client_response",
    "record_therapist_response",
    "revoke_invitation",
    "rule_audit",
    "save_setting",
    "session_overview",
    "session_picture",
    "set_budget",
    "signal_why",
    "signals_this_week",
    "start_session",
    "therapist_form",
    "try_setting",
]
