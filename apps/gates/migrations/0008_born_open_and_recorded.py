"""A gate begins open, a policy as a proposal; another dossier is another revision; nothing stands without its entry."""

from django.db import migrations

SHIPPED = [
    ("build", "", "sha256:6592d1d041d622addc4a898ad1eec03b311da53bb532bee636d0eaeb602f8620"),
    ("build", "high", "sha256:50e23412ba568ab3a5c6fa0d317ae2973a6fa10b2f1ac83921fb4926cde38c00"),
    ("proof", "", "sha256:4270547106c4fefce42697d732e6ba9b489ebb1ec2b42afbbd4607189aa65c82"),
    ("proof", "high", "sha256:4d57a632904de6ae68ad1219e9f697e3cc452a7e6ee421f0c7595d48f80d36dc"),
    ("release", "", "sha256:88892ae83d14b7b387ebd17d148c2f2e54ec8d6fca3665f5fd3d3ea68352abd4"),
    ("release", "high", "sha256:2f5553a3778f57a14460c612e2130347280ec6549c852e73db37d71bc99ebcff"),
    ("start", "", "sha256:b3b146b41481b36ccd7149f8da000ecea008b1d5e179f03713f0216ac59024c7"),
    ("start", "high", "sha256:0fb09cf80421b0ad6f37c81b8608e2c2f137e4ed44eedba66d3460e24b8757bf"),
]
GUARDS = """
CREATE FUNCTION gates_guard_dossier() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        IF (NEW.state, NEW.revision, NEW.dossier_digest, NEW.content_digest) <> ('open', 0, '', '')
            OR NEW.withdrawn_by_id IS NOT NULL
        THEN
            RAISE EXCEPTION 'A gate begins open, and nothing was shown of it.' USING ERRCODE = 'check_violation';
        END IF;
        IF NOT EXISTS (
            SELECT FROM gates_policyversion policy
            WHERE policy.id = NEW.policy_version_id AND policy.kind = NEW.kind AND policy.state = 'published'
                AND (policy.team_id IS NULL OR policy.team_id = NEW.team_id)
        ) THEN
            RAISE EXCEPTION 'A gate applies a published policy of its kind and team.'
                USING ERRCODE = 'check_violation';
        END IF;
        RETURN NEW;
    END IF;
    IF NEW.kind <> OLD.kind THEN
        RAISE EXCEPTION 'A gate keeps its kind.' USING ERRCODE = 'check_violation';
    END IF;
    IF (NEW.revision, NEW.dossier_digest, NEW.content_digest)
        IS DISTINCT FROM (OLD.revision, OLD.dossier_digest, OLD.content_digest)
        AND (NEW.revision <= OLD.revision OR NOT EXISTS (
            SELECT FROM gates_dossiersnapshot
            WHERE gate_id = NEW.id AND revision = NEW.revision AND digest = NEW.dossier_digest
        ))
    THEN
        RAISE EXCEPTION 'Another dossier is another revision.' USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER gates_gate_dossier BEFORE INSERT OR UPDATE ON gates_gate
    FOR EACH ROW EXECUTE FUNCTION gates_guard_dossier();
ALTER TABLE gates_gate ENABLE ALWAYS TRIGGER gates_gate_dossier;

CREATE FUNCTION gates_guard_publication() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        IF NEW.digest <> 'sha256:' || encode(sha256(convert_to(NEW.source, 'UTF8')), 'hex') THEN
            RAISE EXCEPTION 'A policy''s digest is that of its text.' USING ERRCODE = 'check_violation';
        END IF;
        IF NOT (NEW.published_by_id IS NULL AND (
            (NEW.state = 'proposed' AND NEW.proposed_by_id IS NOT NULL AND NEW.published_at IS NULL)
            OR (NEW.state = 'published' AND NEW.proposed_by_id IS NULL AND NEW.published_at IS NOT NULL
                AND NEW.number = 1 AND NEW.team_id IS NULL AND (NEW.kind, NEW.tier, NEW.digest) IN (SHIPPED))
        )) THEN
            RAISE EXCEPTION 'A policy begins as somebody''s proposal, or as one that Fourgate comes with.'
                USING ERRCODE = 'check_violation';
        END IF;
        RETURN NEW;
    END IF;
    IF NEW.state = 'published'
        AND (NEW.proposed_by_id IS NULL OR NEW.published_by_id IS NULL OR NEW.published_at IS NULL)
    THEN
        RAISE EXCEPTION 'A named second person publishes a policy.' USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER gates_policy_published BEFORE INSERT OR UPDATE ON gates_policyversion
    FOR EACH ROW EXECUTE FUNCTION gates_guard_publication();
ALTER TABLE gates_policyversion ENABLE ALWAYS TRIGGER gates_policy_published;

CREATE FUNCTION gates_require_policy_entry() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT EXISTS (
        SELECT FROM ledger_entry WHERE subject_id = NEW.id AND body::jsonb #>> '{payload,digest}' = NEW.digest
            AND CASE
                WHEN NEW.state = 'proposed' THEN action = 'policy.proposed' AND actor_id = NEW.proposed_by_id
                WHEN NEW.state = 'withdrawn' THEN action = 'policy.withdrawn'
                WHEN NEW.published_by_id IS NULL THEN action = 'policy.imported'
                ELSE action = 'policy.published' AND actor_id = NEW.published_by_id
            END
    ) THEN
        RAISE EXCEPTION 'No policy is proposed, published or taken back without its entry.'
            USING ERRCODE = 'check_violation';
    END IF;
    RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER gates_policyversion_recorded AFTER INSERT OR UPDATE ON gates_policyversion
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION gates_require_policy_entry();
ALTER TABLE gates_policyversion ENABLE ALWAYS TRIGGER gates_policyversion_recorded;

CREATE FUNCTION gates_guard_sign_off() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT EXISTS (
        SELECT FROM gates_dossiersnapshot
        WHERE gate_id = NEW.gate_id AND digest = NEW.dossier_digest AND revision = NEW.dossier_revision
    ) THEN
        RAISE EXCEPTION 'What is signed was shown on this gate.' USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER gates_signoff_shown BEFORE INSERT ON gates_signoff
    FOR EACH ROW EXECUTE FUNCTION gates_guard_sign_off();
ALTER TABLE gates_signoff ENABLE ALWAYS TRIGGER gates_signoff_shown;

CREATE FUNCTION gates_gate_of(said jsonb) RETURNS uuid LANGUAGE sql STABLE AS $$
    SELECT coalesce(
        (said ->> 'gate_id')::uuid,
        (SELECT gate_id FROM gates_waiver WHERE id = (said ->> 'waiver_id')::uuid),
        (SELECT gate_id FROM gates_thread WHERE id = (said ->> 'thread_id')::uuid),
        (SELECT gate_id FROM gates_signoff WHERE id = (said ->> 'sign_off_id')::uuid),
        (SELECT gate_id FROM gates_signoff JOIN gates_condition condition ON condition.sign_off_id = gates_signoff.id
            WHERE condition.id = (said ->> 'condition_id')::uuid),
        (SELECT gate_id FROM gates_signoff JOIN gates_condition condition ON condition.sign_off_id = gates_signoff.id
            JOIN gates_fulfilment fulfilment ON fulfilment.condition_id = condition.id
            WHERE fulfilment.id = (said ->> 'fulfilment_id')::uuid)
    )
$$;
CREATE FUNCTION gates_require_entry() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    said jsonb := to_jsonb(NEW);
BEGIN
    IF NOT EXISTS (
        SELECT FROM ledger_entry WHERE subject_id = gates_gate_of(said) AND action = TG_ARGV[0]
            AND body::jsonb #>> ARRAY['payload', TG_ARGV[1]] = said ->> TG_ARGV[2]
    ) THEN
        RAISE EXCEPTION 'Nothing is decided or said without its entry.' USING ERRCODE = 'check_violation';
    END IF;
    RETURN NULL;
END $$;
"""
NO_GUARDS = """
DROP FUNCTION gates_require_entry();
DROP FUNCTION gates_gate_of(jsonb);
DROP TRIGGER gates_policyversion_recorded ON gates_policyversion;
DROP FUNCTION gates_require_policy_entry();
DROP TRIGGER gates_policy_published ON gates_policyversion;
DROP FUNCTION gates_guard_publication();
DROP TRIGGER gates_signoff_shown ON gates_signoff;
DROP FUNCTION gates_guard_sign_off();
DROP TRIGGER gates_gate_dossier ON gates_gate;
DROP FUNCTION gates_guard_dossier();
"""
RECORDED = [
    ("signoff", "gate.signed_off", "sign_off", "id"),
    ("condition", "gate.signed_off", "condition", "id"),
    ("fulfilment", "gate.condition_fulfilled", "fulfilment", "id"),
    ("fulfilmentanswer", "gate.fulfilment_answered", "fulfilment", "fulfilment_id"),
    ("waiver", "gate.waived", "waiver", "id"),
    ("waiverrevocation", "gate.waiver_revoked", "waiver", "waiver_id"),
    ("thread", "gate.commented", "thread", "id"),
    ("comment", "gate.commented", "comment", "id"),
    ("threadresolution", "gate.thread_resolved", "thread", "thread_id"),
]


def guards() -> str:
    shipped = ", ".join(str(row) for row in SHIPPED)
    return GUARDS.replace("(SHIPPED)", f"({shipped})")


def recorded(name: str, action: str, key: str, column: str) -> migrations.RunSQL:
    """Ask at commit that an entry of the action names the new row, in the payload's key by the row's column."""
    table = f"gates_{name}"
    return migrations.RunSQL(
        f"""
        CREATE CONSTRAINT TRIGGER {table}_recorded AFTER INSERT ON {table} DEFERRABLE INITIALLY DEFERRED
            FOR EACH ROW EXECUTE FUNCTION gates_require_entry('{action}', '{key}', '{column}');
        ALTER TABLE {table} ENABLE ALWAYS TRIGGER {table}_recorded;
        """,
        f"DROP TRIGGER {table}_recorded ON {table};",
    )


class Migration(migrations.Migration):
    dependencies = [("gates", "0007_inheritance"), ("ledger", "0002_append_only")]
    operations = [migrations.RunSQL(guards(), NO_GUARDS), *(recorded(*row) for row in RECORDED)]
