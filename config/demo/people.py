"""Three teams, twelve people with different roles, and who holds which responsibility."""

from dataclasses import dataclass

from apps.people.roles import Role

PASSWORD = "open the four gates"


@dataclass(frozen=True, slots=True)
class Person:
    key: str
    name: str
    team: str
    roles: tuple[str, ...]
    organisation_role: str = ""

    @property
    def email(self) -> str:
        return f"{self.key}@demo.example"


TEAMS = {
    "service": ("Customer Service", "Answers customers in chat and on the phone."),
    "claims": ("Claims and Disputes", "Handles refunds, disputed payments and complaints."),
    "workplace": ("Workplace", "Runs the help desk for colleagues."),
}
PEOPLE = (
    Person("ines", "Inés Aldana", "service", (Role.GOVERNANCE_LEAD,)),
    Person("bruno", "Bruno Achterberg", "service", (Role.BUSINESS_OWNER,)),
    Person("teodora", "Teodora Lind", "service", (Role.TECHNICAL_OWNER,)),
    Person("kofi", "Kofi Mensah", "service", (Role.COMPLIANCE_REVIEWER,)),
    Person("sanne", "Sanne de Wit", "service", (Role.DATA_STEWARD,)),
    Person("ravi", "Ravi Narang", "service", (Role.MEMBER, Role.DATA_STEWARD)),
    Person("magda", "Magdalena Orłowska", "claims", (Role.GOVERNANCE_LEAD,)),
    Person("oskar", "Oskar Feld", "claims", (Role.TECHNICAL_OWNER,)),
    Person("lucia", "Lucía Paredes", "workplace", (Role.BUSINESS_OWNER,)),
    Person("hana", "Hana Sato", "workplace", (Role.DATA_STEWARD, Role.TECHNICAL_OWNER)),
    Person("audrey", "Audrey Quill", "", (), "auditor"),
    Person("ada", "Ada Minter", "", (), "administrator"),
)
ALSO = (
    ("bruno", "claims", (Role.BUSINESS_OWNER,)),
    ("kofi", "claims", (Role.COMPLIANCE_REVIEWER,)),
    ("kofi", "workplace", (Role.COMPLIANCE_REVIEWER,)),
    ("sanne", "claims", (Role.DATA_STEWARD,)),
    ("ines", "workplace", (Role.GOVERNANCE_LEAD,)),
    ("ravi", "workplace", (Role.DATA_STEWARD,)),
    ("ravi", "claims", (Role.MEMBER, Role.DATA_STEWARD)),
    ("lucia", "service", (Role.MEMBER,)),
)
DEPUTIES = (
    ("service", "business_owner", "lucia"),
    ("service", "technical_owner", "ravi"),
    ("claims", "business_owner", "ravi"),
    ("workplace", "technical_owner", "ravi"),
)
OWNERS = {
    "service": {
        "business_owner": "bruno",
        "technical_owner": "teodora",
        "governance_owner": "ines",
        "sponsor": "bruno",
        "compliance_reviewer": "kofi",
        "source_owner": "sanne",
        "data_steward": "sanne",
        "annotation_owner": "ravi",
        "review_lead": "sanne",
    },
    "claims": {
        "business_owner": "bruno",
        "technical_owner": "oskar",
        "governance_owner": "magda",
        "sponsor": "bruno",
        "compliance_reviewer": "kofi",
        "source_owner": "sanne",
        "data_steward": "sanne",
        "annotation_owner": "ravi",
        "review_lead": "sanne",
    },
    "workplace": {
        "business_owner": "lucia",
        "technical_owner": "hana",
        "governance_owner": "ines",
        "compliance_reviewer": "kofi",
        "source_owner": "ravi",
        "data_steward": "ravi",
        "annotation_owner": "ravi",
        "review_lead": "hana",
    },
}
