"""How an entry reaches a webhook: read from the trail, put into words, signed, sent, tried again."""
