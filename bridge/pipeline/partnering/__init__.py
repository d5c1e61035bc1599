"""The partner programme: its leads, and the CRM's partner side."""
