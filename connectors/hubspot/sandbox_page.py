"""The sandbox's page: contacts with owner, deals and timeline, as a person would see them."""

from collections.abc import Iterable
from datetime import UTC, datetime
from html import escape

from connectors.hubspot.sandbox_crm import Crm
from connectors.hubspot.sandbox_records import Record

_MAX_SHOWN = 100  # the newest
_BODIES = {"communications": "hs_communication_body", "notes": "hs_note_body"}
_STYLE = """
:root{color-scheme:light}*{box-sizing:border-box}
body{margin:0;font:15px/1.5 system-ui,sans-serif;background:#f5f8fa;color:#33475b}
header{background:#2d3e50;color:#fff;padding:14px 24px;display:flex;gap:12px;align-items:baseline}
header b{font-size:18px}header span{opacity:.75}
main{max-width:1080px;margin:24px auto;padding:0 16px;display:grid;gap:16px}
article{background:#fff;border:1px solid #dfe3eb;border-radius:8px;padding:16px 20px}
h2{font-size:17px;margin:0 0 2px}small,time{color:#516f90}
.tag{display:inline-block;border-radius:12px;padding:1px 10px;font-size:13px;background:#eaf0f6;
margin:8px 6px 0 0}.tag.owner{background:#ffe8de;color:#b0381c}.tag.lead{background:#e5f5f8}
ol{list-style:none;margin:14px 0 0;padding:0;display:grid;gap:8px}
li{border-left:3px solid #ff7a59;background:#fbfcfd;padding:6px 12px;border-radius:0 6px 6px 0}
li p{margin:2px 0}.none{text-align:center;padding:48px;color:#516f90}
"""


def page(crm: Crm) -> str:
    with crm.lock:
        contacts = sorted(crm.records["contacts"].values(), key=lambda one: -one.seq)
        cards = "".join(_contact(crm, one) for one in contacts[:_MAX_SHOWN])
    return (
        '<!doctype html><html lang="en"><meta charset="utf-8"><title>HubSpot sandbox</title>'
        '<meta name="viewport" content="width=device-width">'
        f"<style>{_STYLE}</style><header><b>HubSpot sandbox</b>"
        f"<span>the CRM, {len(contacts)} contacts</span></header>"
        f"<main>{cards or _NOBODY}</main></html>"
    )


_NOBODY = '<p class="none">No contacts yet. They appear as soon as somebody writes.</p>'


def _contact(crm: Crm, contact: Record) -> str:
    names = (contact.properties.get(name, "") for name in ("firstname", "lastname"))
    title = " ".join(name for name in names if name) or "Unnamed contact"
    tags = [_tag(_owner(crm, contact), "owner")]
    tags += [_tag(_deal(crm, deal)) for deal in _linked(crm, contact, "deals")]
    tags += [_tag(_lead(crm, lead), "lead") for lead in _linked(crm, contact, "leads")]
    entries = [*_linked(crm, contact, "communications"), *_linked(crm, contact, "notes")]
    entries.sort(key=lambda one: one.properties.get("hs_timestamp", ""), reverse=True)
    return (
        f'<article id="contact-{escape(contact.id)}"><h2>{escape(title)}</h2>'
        f"<small>{escape(contact.properties.get('phone', ''))} · {escape(contact.id)}</small>"
        f"<div>{''.join(tags)}</div><ol>{''.join(_entry(crm, one) for one in entries)}</ol>"
        "</article>"
    )


def _entry(crm: Crm, entry: Record) -> str:
    # The bridge escapes what clients write before it sends it here.
    text = entry.properties.get(_BODIES[entry.kind], "")
    channel = entry.properties.get("hs_communication_channel_type", "NOTE")
    by = _owner(crm, entry) if entry.properties.get("hubspot_owner_id") else ""
    words = (channel, _when(entry), by)
    return f"<li><time>{escape(' · '.join(word for word in words if word))}</time>{text}</li>"


def _deal(crm: Crm, deal: Record) -> str:
    stages = (s for p in crm.pipelines["deals"] for s in p["stages"])
    stage = next((s for s in stages if s["id"] == deal.properties.get("dealstage")), None)
    label = stage["label"] if stage else deal.properties.get("dealstage", "")
    return f"Deal: {deal.properties.get('dealname', '')} · {label} · {_owner(crm, deal)}"


def _lead(crm: Crm, lead: Record) -> str:
    return f"Lead: {lead.properties.get('hs_lead_name', '')} · {_owner(crm, lead)}"


def _owner(crm: Crm, record: Record) -> str:
    owner = crm.owners.get(record.properties.get("hubspot_owner_id", ""))
    if owner is None:
        return "no owner"
    names = (owner.get("firstName", ""), owner.get("lastName", ""))
    return " ".join(name for name in names if name) or str(owner.get("email", owner["id"]))


def _linked(crm: Crm, record: Record, kind: str) -> Iterable[Record]:
    return [crm.records[kind][one] for one in crm.linked(record, kind)]


def _tag(text: str, look: str = "") -> str:
    return f'<span class="tag {look}">{escape(text)}</span>'


def _when(entry: Record) -> str:
    given = entry.properties.get("hs_timestamp", "")
    if not given.isdigit():
        return given
    return datetime.fromtimestamp(int(given) / 1000, UTC).strftime("%Y-%m-%d %H:%M")
