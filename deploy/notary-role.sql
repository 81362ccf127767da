-- The notary's role: it reads entries and adds checkpoints and nodes, and can do nothing else.
-- psql -v password="'…'" -f deploy/notary-role.sql
CREATE ROLE fourgate_notary LOGIN PASSWORD :password;
GRANT USAGE ON SCHEMA public TO fourgate_notary;
GRANT SELECT ON ledger_entry TO fourgate_notary;
GRANT SELECT, INSERT ON ledger_checkpoint, ledger_node TO fourgate_notary;
