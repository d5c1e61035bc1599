"""Salesforce: the CRM that owns contacts, leads, opportunities and their activities."""
