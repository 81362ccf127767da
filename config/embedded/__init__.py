"""The services that `./fourgate up` and the tests run: PostgreSQL and Valkey from wheels, and their supervisor."""
