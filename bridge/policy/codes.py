"""The closed list of what can be wrong with a configuration, and what each means."""

from collections.abc import Mapping
from enum import StrEnum


class Code(StrEnum):
    FOLDER_MISSING = "folder-missing"
    FOLDER_EMPTY = "folder-empty"
    FILE_UNREADABLE = "file-unreadable"
    FILE_NAME = "file-name"
    TOO_LARGE = "too-large"
    NOT_UTF8 = "not-utf8"
    YAML_SYNTAX = "yaml-syntax"
    YAML_ALIAS = "yaml-alias"
    YAML_TAG = "yaml-tag"
    DUPLICATE_KEY = "duplicate-key"
    UNKNOWN_KEY = "unknown-key"
    MISSING_KEY = "missing-key"
    WRONG_SHAPE = "wrong-shape"
    WRONG_VALUE = "wrong-value"
    EMPTY_VALUE = "empty-value"
    SECRET_IN_YAML = "secret-in-yaml"  # noqa: S105 - the name of a mistake

    UNKNOWN_CONNECTOR = "unknown-connector"
    MISSING_OPTION = "missing-option"
    MISSING_SECRET = "missing-secret"  # noqa: S105
    SECRET_NOT_SET = "secret-not-set"  # noqa: S105
    INSECURE_URL = "insecure-url"
    UNKNOWN_ACCOUNT = "unknown-account"
    DUPLICATE_CHANNEL = "duplicate-channel"
    CRM_MISSING = "crm-missing"
    NOT_A_CRM = "not-a-crm"
    NOT_EMAIL = "not-email"
    NOT_A_WEBHOOK = "not-a-webhook"
    DIGEST_WITHOUT_EMAIL = "digest-without-email"
    NO_DIGEST = "no-digest"
    STAGE_MISSING = "stage-missing"

    UNKNOWN_EMPLOYEE = "unknown-employee"
    UNKNOWN_CHANNEL = "unknown-channel"
    CANNOT_WRITE = "cannot-write"
    NO_CHANNEL_ACCESS = "no-channel-access"
    PRIORITY_NOT_HIS = "priority-not-his"
    PRIORITY_MESSENGER = "priority-messenger"
    PRIORITY_USELESS = "priority-useless"
    NO_MANAGER = "no-manager"
    NOBODY_GETS_NEW_CLIENTS = "nobody-gets-new-clients"
    NOBODY_HEARS = "nobody-hears"
    NO_DEFAULT = "no-default"

    UNKNOWN_POOL = "unknown-pool"
    EMPTY_POOL = "empty-pool"
    UNUSED_POOL = "unused-pool"
    DUPLICATE_RULE = "duplicate-rule"
    SHADOWED_RULE = "shadowed-rule"
    RULE_NEVER_MATCHES = "rule-never-matches"
    UNKNOWN_RULE = "unknown-rule"
    TEST_FAILED = "test-failed"

    DUPLICATE_USER = "duplicate-user"
    NO_USERS = "no-users"
    DUPLICATE_PLAN = "duplicate-plan"
    NO_PLANS = "no-plans"
    HINT_FROM_START = "hint-from-start"

    UNKNOWN_PARTNER = "unknown-partner"
    UNKNOWN_PARTNER_USER = "unknown-partner-user"
    DUPLICATE_PARTNER = "duplicate-partner"
    PARTNER_WITHOUT_USERS = "partner-without-users"
    UNKNOWN_QUEUE = "unknown-queue"
    EMPTY_QUEUE = "empty-queue"
    UNUSED_QUEUE = "unused-queue"
    UNKNOWN_LEAD_FIELD = "unknown-lead-field"
    NO_LEAD_DEFAULT = "no-lead-default"
    NO_LEAD_MAIL = "no-lead-mail"
    NO_PARTNER_SIDE = "no-partner-side"
    WRONG_CRM_ID = "wrong-crm-id"

    UNKNOWN_PIPELINE = "unknown-pipeline"
    STAGE_NOT_IN_PIPELINE = "stage-not-in-pipeline"
    STAGE_CLOSED = "stage-closed"
    EMPLOYEE_NOT_IN_CRM = "employee-not-in-crm"
    EMPLOYEE_INACTIVE = "employee-inactive"

    RENEWAL_NO_PARTNER = "renewal-no-partner"
    RENEWAL_NOT_A_USER = "renewal-not-a-user"
    RENEWAL_NOBODY = "renewal-nobody"
    RENEWAL_WINDOWS = "renewal-windows"
    RENEWAL_FIELD = "renewal-field"
    RENEWAL_NO_EMAIL = "renewal-no-email"
    RENEWAL_SOURCE = "renewal-source"

    SESSION_LIMITS = "session-limits"
    UNVERIFIED_EMAIL = "unverified-email"
    SHARED_ISSUER = "shared-issuer"


MEANING: Mapping[Code, str] = {
    Code.FOLDER_MISSING: "The configuration folder does not exist. Create it, or set "
    "`BRIDGE_CONFIG`.",
    Code.FOLDER_EMPTY: "The folder holds no `*.yaml` file.",
    Code.FILE_UNREADABLE: "A file can't be read: permissions, or it is no ordinary file.",
    Code.FILE_NAME: "A file ends in `.yml` and is not read. Rename it to `.yaml`.",
    Code.TOO_LARGE: "A file is over 1 MiB, holds over 50 000 values, or nests over 20 deep.",
    Code.NOT_UTF8: "A file is not UTF-8 text. Save it as UTF-8.",
    Code.YAML_SYNTAX: "A file is not YAML, often a tab, a missing space after a colon, or an open "
    "quote.",
    Code.YAML_ALIAS: "Anchors and aliases (`&a`, `*a`) are refused. Write the value twice.",
    Code.YAML_TAG: "Tags (`!!int`, `!env`) are refused: every option knows its own type.",
    Code.DUPLICATE_KEY: "A key stands twice in one mapping, or a top-level key in two files.",
    Code.UNKNOWN_KEY: "No such option exists here, often a typing mistake.",
    Code.MISSING_KEY: "An option that must be given is not there.",
    Code.WRONG_SHAPE: "A list stands where a mapping belongs, or the like.",
    Code.WRONG_VALUE: "The value is not one that this option takes.",
    Code.EMPTY_VALUE: "A key without a value. Remove the key, or give it one.",
    Code.SECRET_IN_YAML: "Something that looks like a password or token stands in the file. Put it "
    "into an environment variable, write the variable's name, and change the secret: it has been "
    "seen.",
    Code.UNKNOWN_CONNECTOR: "No such connector is installed.",
    Code.MISSING_OPTION: "The connector needs an option that the account does not give.",
    Code.MISSING_SECRET: "The connector needs a secret that the account does not name.",
    Code.SECRET_NOT_SET: "The environment variable is not set, or empty. An empty secret closes "
    "the door.",
    Code.INSECURE_URL: "`base_url` sends the account's secrets unencrypted to another machine.",
    Code.UNKNOWN_ACCOUNT: "No account of this name exists.",
    Code.DUPLICATE_CHANNEL: "Two channels have one vendor's id.",
    Code.CRM_MISSING: "Roles and distribution need a CRM: connect a CRM first.",
    Code.NOT_A_CRM: "`crm` names an account that is no CRM.",
    Code.NOT_EMAIL: "`notifications.email` names an account that sends no e-mail.",
    Code.NOT_A_WEBHOOK: "`notifications.webhook` names an account that takes no notifications.",
    Code.DIGEST_WITHOUT_EMAIL: "`notifications.digest` is set, but no account sends mails.",
    Code.NO_DIGEST: "An employee wants a digest, but none is made: he gets no mails about chats.",
    Code.STAGE_MISSING: "Deals can't be created without a stage.",
    Code.UNKNOWN_EMPLOYEE: "Nobody of this e-mail address stands under `employees`.",
    Code.UNKNOWN_CHANNEL: "No channel of this name exists.",
    Code.CANNOT_WRITE: "This employee's role may not write, so he can't be given clients.",
    Code.NO_CHANNEL_ACCESS: "An employee, or a whole pool, is sent clients of channels that he has "
    "not got.",
    Code.PRIORITY_NOT_HIS: "The priority channel is not among the employee's channels.",
    Code.PRIORITY_MESSENGER: "The priority channel belongs to another messenger.",
    Code.PRIORITY_USELESS: "Nobody has several channels of this messenger, so there is nothing to "
    "choose: the setting is ignored.",
    Code.NO_MANAGER: "Nobody is a manager, so nobody sees all chats. Make the admin one.",
    Code.NOBODY_GETS_NEW_CLIENTS: "Nobody has `gets_new_clients`: new clients go by rules and "
    "`default` only.",
    Code.NOBODY_HEARS: "`managers_hear_all_chats` is on and nobody is a manager.",
    Code.NO_DEFAULT: "There is no `default` employee: a new client whom nobody may take stays with "
    "nobody, and managers are told.",
    Code.UNKNOWN_POOL: "No pool of this name exists.",
    Code.EMPTY_POOL: "A pool without anybody.",
    Code.UNUSED_POOL: "No rule names this pool.",
    Code.DUPLICATE_RULE: "Two rules have one id.",
    Code.SHADOWED_RULE: "An earlier rule takes everything that this one would.",
    Code.RULE_NEVER_MATCHES: "The conditions of a rule exclude each other.",
    Code.UNKNOWN_RULE: "A test expects a rule that does not exist.",
    Code.TEST_FAILED: "A test in the YAML does not hold.",
    Code.DUPLICATE_USER: "Somebody is a user of two resellers, or of two partner accounts.",
    Code.NO_USERS: "A reseller or partner account without users.",
    Code.DUPLICATE_PLAN: "Two plans of a reseller have one name.",
    Code.NO_PLANS: "A reseller without plans: he can't add clients.",
    Code.HINT_FROM_START: "A plan is so small or short that its clients count as near the end from "
    "the first day on.",
    Code.UNKNOWN_PARTNER: "No partner of this name stands under `partners.accounts`.",
    Code.UNKNOWN_PARTNER_USER: "Nobody of this e-mail address stands under `partners.users`.",
    Code.DUPLICATE_PARTNER: "Two partners are one company in the CRM, or two queues one queue.",
    Code.PARTNER_WITHOUT_USERS: "A partner without anybody who could get a lead.",
    Code.UNKNOWN_QUEUE: "No queue of this name stands under `partners.queues`.",
    Code.EMPTY_QUEUE: "A queue that nobody could take a lead from.",
    Code.UNUSED_QUEUE: "No rule sends leads to this queue, so people alone do.",
    Code.UNKNOWN_LEAD_FIELD: "The mail asks for a field that leads do not have.",
    Code.NO_LEAD_DEFAULT: "There is no `default_owner`: a lead for which no rule finds anybody "
    "stays with its owner, and one that everybody has declined with nobody.",
    Code.NO_LEAD_MAIL: "Partners' users are to be told by mail, but no account sends mails.",
    Code.WRONG_CRM_ID: "This is no id as the CRM gives them. Salesforce's have 18 letters and "
    "digits; the 15 that its pages show are not enough.",
    Code.NO_PARTNER_SIDE: "The connector of the CRM knows nothing of partners.",
    Code.UNKNOWN_PIPELINE: "The CRM has no such pipeline of deals.",
    Code.STAGE_NOT_IN_PIPELINE: "The CRM's pipeline has no such stage.",
    Code.STAGE_CLOSED: "New deals would be created in a stage that counts as closed.",
    Code.EMPLOYEE_NOT_IN_CRM: "The CRM knows nobody of this e-mail address.",
    Code.EMPLOYEE_INACTIVE: "The CRM says that this employee has left.",
    Code.RENEWAL_NO_PARTNER: "Renewals need a partner: this house, a partner account of "
    "partners.yaml, or a reseller of plans.yaml.",
    Code.RENEWAL_NOT_A_USER: "The point of contact for renewals is no user of the partner.",
    Code.RENEWAL_NOBODY: "The partner owns the renewal process, and nobody of his would be told.",
    Code.RENEWAL_WINDOWS: "Times of the renewal schedule contradict each other.",
    Code.RENEWAL_FIELD: "A renewal notice names a field that there is not.",
    Code.RENEWAL_NO_EMAIL: "Renewal notices are mails, and no account sends any.",
    Code.RENEWAL_SOURCE: "Renewals are to be read from an account that has none.",
    Code.SESSION_LIMITS: "`signin.sessions.idle` is longer than `longest`.",
    Code.UNVERIFIED_EMAIL: "People could come in under an address that nobody has verified.",
    Code.SHARED_ISSUER: "`signin.oidc.issuer` stands for many companies at once.",
}
