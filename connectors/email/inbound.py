"""A mail server never calls: what it has to say comes with its answer, or to a mailbox."""

from bridge.ports import NobodyCalls

EmailInbound = NobodyCalls
