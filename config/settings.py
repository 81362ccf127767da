"""Settings by environment (twelve-factor); `.env.example` lists every variable with its meaning."""

import datetime as dt
import os
from pathlib import Path
from typing import Any

import django_stubs_ext
import environ
from csp.constants import NONE, SELF

from config import single_sign_on
from config.storage import in_bucket

django_stubs_ext.monkeypatch()
env = environ.Env()
BASE_DIR = Path(__file__).resolve().parent.parent
environ.Env.read_env(env.str("ENV_FILE", str(BASE_DIR / ".env")))

FOURGATE_HOME = Path(env.str("FOURGATE_HOME", str(BASE_DIR / ".fourgate")))
FOURGATE_VERSION = "0.1.0"
EMBEDDED = env.bool("FOURGATE_EMBEDDED", False)
DEMO_ACCOUNTS_ALLOWED = EMBEDDED
ORIGIN = env.str("LEDGER_ORIGIN", "fourgate.local/ledger")

DEBUG = env.bool("DEBUG", False)
SECRET_KEY = env.str("SECRET_KEY")
SECRET_KEY_FALLBACKS = env.list("SECRET_KEY_FALLBACKS", default=[])
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=["localhost", "127.0.0.1", "[::1]"])
CSRF_TRUSTED_ORIGINS = env.list("CSRF_TRUSTED_ORIGINS", default=[])
HTTPS = env.bool("HTTPS", not EMBEDDED)

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.postgres",
    "django.contrib.humanize",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.socialaccount",
    "allauth.socialaccount.providers.openid_connect",
    "allauth.usersessions",
    "anymail",
    "axes",
    "django_filters",
    "django_htmx",
    "django_prometheus",
    "django_structlog",
    "csp",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "guardian",
    "knox",
    "pgtrigger",
    "rest_framework",
    "template_partials",
    "apps.core",
    "apps.ledger",
    "apps.people",
    "apps.owners",
    "apps.agenda",
    "apps.evidence",
    "apps.gates",
    "apps.usecases",
    "apps.datasets",
    "apps.registry",
    "apps.evaluations",
    "apps.releases",
    "apps.assessments",
    "apps.operations",
    *(["config.demo"] if EMBEDDED else []),
]

MIDDLEWARE = [
    "django_prometheus.middleware.PrometheusBeforeMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "apps.core.middleware.PermissionsPolicyMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django_structlog.middlewares.RequestMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "apps.people.authentication.SeenMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "apps.people.authentication.CredentialMiddleware",
    "apps.core.middleware.ReaderMiddleware",
    "axes.middleware.AxesMiddleware",
    "django_prometheus.middleware.PrometheusAfterMiddleware",
]

ROOT_URLCONF = "config.urls"
WSGI_APPLICATION = "config.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "apps.core.context.shell",
            ],
        },
    }
]

DATABASES = {"default": env.db("DATABASE_URL")}
DATABASES["default"] |= {
    "CONN_MAX_AGE": env.int("CONN_MAX_AGE", 60),
    "CONN_HEALTH_CHECKS": True,
    "ATOMIC_REQUESTS": False,
}
DATABASES["default"].setdefault("OPTIONS", {}).update(
    {"connect_timeout": 5, "options": "-c lock_timeout=15s -c idle_in_transaction_session_timeout=120s"}
)
if env.str("NOTARY_DATABASE_URL", ""):
    DATABASES["notary"] = env.db("NOTARY_DATABASE_URL")
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

REDIS_URL = env.str("REDIS_URL", "redis://localhost:6379/0")
CACHES = {
    "default": {
        "BACKEND": "apps.core.cache.ForgivingRedisCache",
        "LOCATION": REDIS_URL,
        "OPTIONS": {"socket_timeout": 1, "socket_connect_timeout": 1},
    }
}

CELERY_BROKER_URL = (
    "redis+socket://" + REDIS_URL.removeprefix("unix://") if REDIS_URL.startswith("unix:") else REDIS_URL
)
CELERY_BROKER_TRANSPORT_OPTIONS = {
    "visibility_timeout": 60,
    "unacked_restore_interval": 1,
    "socket_timeout": 5,
    "socket_connect_timeout": 1,
}
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_BEAT_SCHEDULE = {
    "relay": {"task": "core.relay", "schedule": 1.0, "options": {"expires": 5}},
    "forget_answers": {"task": "core.forget_answers", "schedule": 3600.0},
    "tell_webhooks": {"task": "agenda.tell_webhooks", "schedule": 2.0, "options": {"expires": 5}},
    "forget_deliveries": {"task": "agenda.forget_deliveries", "schedule": 600.0, "options": {"expires": 600}},
    "forget_uploads": {"task": "datasets.forget_uploads", "schedule": 3600.0},
    "forget_imports": {"task": "evaluations.forget_imports", "schedule": 3600.0},
    "gates_refresh_expired": {"task": "gates.refresh_expired", "schedule": 30.0, "options": {"expires": 30}},
    "assessments_refresh_lapsed": {
        "task": "assessments.refresh_lapsed",
        "schedule": 30.0,
        "options": {"expires": 30},
    },
    "assessments_refresh_all": {
        "task": "assessments.refresh_all",
        "schedule": 3600.0,
        "options": {"expires": 1800},
    },
    "agenda_remind": {"task": "agenda.remind", "schedule": 60.0, "options": {"expires": 60}},
    "agenda_tell_followers": {"task": "agenda.tell_followers", "schedule": 5.0, "options": {"expires": 5}},
    "agenda_mail": {"task": "agenda.mail", "schedule": 15.0, "options": {"expires": 15}},
    "operations_ensure_reviews": {
        "task": "operations.ensure_reviews",
        "schedule": 60.0,
        "options": {"expires": 60},
    },
    "operations_record_missed": {"task": "operations.record_missed", "schedule": 60.0, "options": {"expires": 60}},
    "gates_refresh_all": {"task": "gates.refresh_all", "schedule": 3600.0, "options": {"expires": 1800}},
}
CELERY_TIMEZONE = "UTC"

AUTH_USER_MODEL = "people.User"
AUTHENTICATION_BACKENDS = [
    "axes.backends.AxesStandaloneBackend",
    "allauth.account.auth_backends.AuthenticationBackend",
    "guardian.backends.ObjectPermissionBackend",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
]
ANONYMOUS_USER_NAME = None
GUARDIAN_MONKEY_PATCH_USER = False
PUBLIC_URL = env.str("PUBLIC_URL", "http://localhost:8000")
WEBHOOK_ALLOWED_HOSTS = env.list("WEBHOOK_ALLOWED_HOSTS", default=[])
ACCOUNT_ADAPTER = "apps.people.adapters.AccountAdapter"
SOCIALACCOUNT_ADAPTER = "apps.people.adapters.SocialAccountAdapter"
SOCIALACCOUNT_PROVIDERS = single_sign_on.providers(os.environ)
SOCIALACCOUNT_FORMS = {"disconnect": "apps.people.single_sign_on.forms.DisconnectForm"}
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "/"
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*", "password2*"]
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_EMAIL_UNKNOWN_ACCOUNTS = False
ACCOUNT_REAUTHENTICATION_REQUIRED = True
ACCOUNT_REAUTHENTICATION_TIMEOUT = 600
ACCOUNT_RATE_LIMITS = {"login_failed": None}  # the lock-out below answers repeated failures, with its own page
ACCOUNT_SESSION_REMEMBER = False
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = EMBEDDED
MFA_TOTP_ISSUER = "Fourgate"
USERSESSIONS_TRACK_ACTIVITY = True
AXES_FAILURE_LIMIT = 5
AXES_COOLOFF_TIME = dt.timedelta(minutes=15)
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_RESET_ON_SUCCESS = True
AXES_USERNAME_CALLABLE = "apps.people.adapters.axes_username"
AXES_LOCKOUT_TEMPLATE = "account/locked.html"

SESSION_COOKIE_NAME = "fourgate_session"
SESSION_COOKIE_AGE = 12 * 3600
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_SECURE = HTTPS
CSRF_COOKIE_NAME = "fourgate_csrf"
CSRF_COOKIE_SECURE = HTTPS
CSRF_COOKIE_SAMESITE = "Lax"
SECURE_SSL_REDIRECT = env.bool("SECURE_SSL_REDIRECT", HTTPS)
SECURE_REDIRECT_EXEMPT = [r"^healthz$", r"^readyz$", r"^metrics$"]
SECURE_HSTS_SECONDS = 31_536_000 if HTTPS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = HTTPS
SECURE_HSTS_PRELOAD = HTTPS
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if env.bool("BEHIND_PROXY", False) else None
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "font-src": [SELF],
        "connect-src": [SELF],
        "img-src": [SELF, "data:"],
        "form-action": [SELF, *single_sign_on.form_action(os.environ)],
        "base-uri": [NONE],
        "frame-ancestors": [NONE],
    }
}

LANGUAGE_CODE = "en"
TIME_ZONE = "UTC"
USE_I18N = True
USE_TZ = True
LOCALE_PATHS = [BASE_DIR / "locale"]
FORMAT_MODULE_PATH = ["config.formats"]

STATIC_URL = "/static/"
STATICFILES_DIRS = [BASE_DIR / "static"]
STATIC_ROOT = env.str("STATIC_ROOT", str(FOURGATE_HOME / "static"))
WHITENOISE_USE_FINDERS = not env.bool("STATIC_COLLECTED", False)
WHITENOISE_KEEP_ONLY_HASHED_FILES = True
STORAGES: dict[str, dict[str, Any]] = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"
        if env.bool("STATIC_COLLECTED", False)
        else "django.contrib.staticfiles.storage.StaticFilesStorage"
    },
}
MEDIA_ROOT = env.str("STORAGE_FOLDER", str(FOURGATE_HOME / "storage"))
if env.str("S3_BUCKET", ""):
    STORAGES["default"] = in_bucket(
        env.str("S3_BUCKET"),
        endpoint_url=env.str("S3_ENDPOINT_URL", None),
        region=env.str("S3_REGION", None),
        key_id=env.str("S3_ACCESS_KEY_ID", None),
        secret=env.str("S3_SECRET_ACCESS_KEY", None),
    )
FILE_UPLOAD_HANDLERS = ["django.core.files.uploadhandler.TemporaryFileUploadHandler"]
FILE_UPLOAD_TEMP_DIR = env.str("UPLOAD_TEMP_FOLDER", None)
DATA_UPLOAD_MAX_MEMORY_SIZE = 4 * 1024 * 1024
DATA_UPLOAD_MAX_NUMBER_FIELDS = 2000

EMAIL_BACKEND = env.str(
    "EMAIL_BACKEND",
    "django.core.mail.backends.console.EmailBackend" if EMBEDDED else "django.core.mail.backends.smtp.EmailBackend",
)
EMAIL_TIMEOUT = env.int("EMAIL_TIMEOUT", 10)
vars().update(env.email_url("EMAIL_URL") if env.str("EMAIL_URL", "") else {})
ANYMAIL = env.dict("ANYMAIL", default={})
DEFAULT_FROM_EMAIL = env.str("DEFAULT_FROM_EMAIL", "fourgate@localhost")

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "apps.people.authentication.TokenAuthentication",
        "apps.people.authentication.SessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["apps.core.api.permissions.SignedInWithScope"],
    "DEFAULT_PAGINATION_CLASS": "apps.core.api.pagination.CursorPages",
    "DEFAULT_FILTER_BACKENDS": ["django_filters.rest_framework.DjangoFilterBackend"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["apps.core.api.parsers.StrictJSONParser"],
    "DEFAULT_SCHEMA_CLASS": "apps.core.api.schema.FourgateSchema",
    "DEFAULT_THROTTLE_CLASSES": ["apps.core.api.throttling.TokenRateThrottle"],
    "DEFAULT_THROTTLE_RATES": {"token": env.str("API_RATE", "600/minute")},
    "EXCEPTION_HANDLER": "apps.core.api.problems.handle",
    "DATETIME_FORMAT": "%Y-%m-%dT%H:%M:%S.%fZ",
    "TEST_REQUEST_DEFAULT_FORMAT": "json",
    "UNAUTHENTICATED_USER": "django.contrib.auth.models.AnonymousUser",
    "COERCE_DECIMAL_TO_STRING": False,
}
REST_KNOX = {"TOKEN_MODEL": "people.ApiToken", "TOKEN_PREFIX": "fg_", "AUTO_REFRESH": False}
KNOX_TOKEN_MODEL = "people.ApiToken"
SPECTACULAR_SETTINGS = {
    "TITLE": "Fourgate API",
    "DESCRIPTION": "What a person can do on a page, a program can do here: same names, same filters, same refusals.",
    "VERSION": "1",
    "OAS_VERSION": "3.1.1",
    "SERVE_INCLUDE_SCHEMA": False,
    "SCHEMA_PATH_PREFIX": r"/api/v1",
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "REDOC_DIST": "SIDECAR",
    "COMPONENT_SPLIT_REQUEST": True,
    "ENUM_NAME_OVERRIDES": {
        "RoleEnum": "apps.people.roles.Role.choices",
        "OrganisationRoleEnum": "apps.people.roles.OrganisationRole.choices",
        "VerdictEnum": "apps.gates.models.SignOff.Verdict",
        "AnswerLevelEnum": "apps.assessments.models.Answer.Level",
        "AssessmentStateEnum": "apps.assessments.models.Assessment.State",
        "VerdictLevelEnum": "apps.assessments.framework.VERDICT_CHOICES",
        "RuleStateEnum": "apps.people.four_eyes.RuleVersion.State",
        "PhaseEnum": "apps.usecases.models.Phase",
        "GateStateEnum": "apps.gates.models.GateState",
        "RiskTierEnum": "apps.gates.models.policies.Tier",
        "ReleaseStateEnum": "apps.releases.models.releases.ReleaseState",
        "ReleaseEndingEnum": "apps.releases.models.releases.Ending",
        "EnvironmentKindEnum": "apps.releases.models.environments.Environment.Kind",
        "RehearsalOutcomeEnum": "apps.releases.models.rollbacks.Rehearsal.Outcome",
        "RollbackVerdictEnum": "apps.releases.models.rollbacks.RollbackReview.Verdict",
        "InspectionStateEnum": "apps.datasets.models.inspections.Inspection.State",
        "GuidelineStateEnum": "apps.datasets.models.guidelines.Guideline.State",
        "SplitEnum": "apps.datasets.models.SplitName",
        "DescriptionStateEnum": "apps.datasets.models.descriptions.Description.State",
        "LineageRunStateEnum": "apps.datasets.models.lineage.LineageNode.State",
        "CopyStateEnum": "apps.datasets.models.Copy.State",
        "ExportFormatEnum": "apps.datasets.models.VersionExport.Format",
        "DescriptionFormatEnum": "apps.datasets.models.descriptions.Description.Format",
        "ExportStateEnum": "apps.datasets.models.VersionExport.State",
        "SampleAuditStateEnum": "apps.datasets.models.audits.SampleAudit.State",
        "RowVerdictEnum": "apps.datasets.models.audits.Verdict",
        "SensitiveDecisionEnum": "apps.datasets.models.SensitiveDecision.Decision",
        "FeedbackDecisionEnum": "apps.datasets.models.FeedbackDecision.Decision",
        "RowDecisionEnum": "apps.datasets.models.audits.DECISIONS",
        "BaselineKindEnum": "apps.evaluations.models.Baseline.Kind",
        "WebhookFormatEnum": "apps.agenda.models.webhooks.Webhook.Format",
        "WebhookDeliveryStateEnum": "apps.agenda.models.webhooks.WebhookDelivery.State",
        "CadenceEnum": "apps.operations.models.Cadence",
        "ScheduledReviewStateEnum": "apps.operations.models.ReviewState",
        "ReviewOutcomeEnum": "apps.operations.models.Outcome",
        "FailureDecisionEnum": "apps.evaluations.models.FailureDecision.Decision",
    },
    "ENUM_GENERATE_CHOICE_DESCRIPTION": True,
    "POSTPROCESSING_HOOKS": [
        "drf_spectacular.hooks.postprocess_schema_enums",
        "apps.core.api.schema.document_problems",
    ],
}

LOG_FORMAT = env.str("LOG_FORMAT", "json")
LOGGING_CONFIG = "apps.core.logging.configure"
LOGGING = {"level": env.str("LOG_LEVEL", "INFO"), "format": LOG_FORMAT}
DJANGO_STRUCTLOG_CELERY_ENABLED = False

GATE_POLICY_FOLDER = BASE_DIR / "apps" / "gates" / "policies"
NOTARY_KEY_FILE = env.str("NOTARY_KEY_FILE", str(FOURGATE_HOME / "notary" / "key.pem"))
ATTESTATION_KEY_FILE = env.str("ATTESTATION_KEY_FILE", str(FOURGATE_HOME / "attestations" / "key.pem"))
NOTARY_VERIFIER_KEY = env.str("NOTARY_VERIFIER_KEY", "")
NOTARY_FOLDER = Path(env.str("NOTARY_FOLDER", str(FOURGATE_HOME / "notary")))
UPLOAD_LIMIT_BYTES = env.int("UPLOAD_LIMIT_BYTES", 64 * 1024**3)
REFERENCE_FOLDERS = env.list("REFERENCE_FOLDERS", default=["incoming", "shared"])
INSPECTION_MEMORY_LIMIT = env.str("INSPECTION_MEMORY_LIMIT", "256MB")
INSPECTION_ENGINE = env.str("INSPECTION_ENGINE", "duckdb")
SENSITIVE_RECOGNISERS = env.list("SENSITIVE_RECOGNISERS", default=[])
TABLES = env.list("TABLES", default=[])
TABLES_DATABASE = env.str("TABLES_DATABASE", "")
SILENCED_SYSTEM_CHECKS = ["guardian.W001"]
