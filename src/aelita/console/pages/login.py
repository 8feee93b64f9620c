"""The page of logging in: plain, without a connection of its own, for nobody is known yet."""

import html
from collections.abc import Sequence

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from ..assets import address
from ..look import COOKIE, Look, look_of
from ..words import word

router = APIRouter(include_in_schema=False)
SCRIPT = """
const form=document.querySelector("form"),line=document.querySelector(".l-say");
const after=()=>{const n=new URLSearchParams(location.search).get("next")??"/";return /^\\/(?![\\/\\\\])/.test(n)?n:"/"};
form.onsubmit=async(e)=>{e.preventDefault();const d=Object.fromEntries(new FormData(form));
const tell=(t,calm)=>{line.textContent=t;line.className="l-say"+(calm?" calm":"")};
if("again" in d){if(d.again!==d.password)return tell(form.dataset.differ);
delete d.again;d.code=new URLSearchParams(location.search).get("code")??""}
tell(form.dataset.waiting,true);const b=form.querySelector("button");b.disabled=true;
try{const a=await fetch(form.dataset.to,{method:"POST",headers:{"content-type":"application/json"},body:JSON.stringify(d)});
if(a.ok){location.replace(after());return}
const told=await a.json().catch(()=>({}));tell([told.detail??"HTTP "+a.status,told.remedy].filter(Boolean).join(" "))}
catch{tell(form.dataset.lost)}b.disabled=false;form.querySelector("[name=password]").select()};
const other=document.querySelector("[data-oidc]");
if(other)fetch("/api/v1/auth/oidc/about").then((a)=>a.json()).then((o)=>{if(!o.configured)return;
other.href="/api/v1/auth/oidc?next="+encodeURIComponent(after());if(o.title)other.textContent=o.title;other.hidden=false}).catch(()=>{});
"""
Field = tuple[str, str, str, str]  # name, key of its label, type, what browsers may fill in


@router.get("/login")
def login(request: Request) -> HTMLResponse:
    """Return the page of logging in; it goes on to `next`, an address of this console."""
    fields = (("user", "login.user", "text", "username"), ("password", "login.password", "password", "current-password"))
    return form_page(request, "login.title", "", "login.submit", "auth/login", fields, oidc=True)


def form_page(
    request: Request, title: str, text: str, submit: str, to: str, fields: Sequence[Field], *, oidc: bool = False
) -> HTMLResponse:
    """Return a page with one form that posts its fields to a route of the interface; `oidc` offers the other way to log in."""
    face = look_of(request.cookies.get(COOKIE, ""))
    shown = "".join(
        f'<label class="a-field">{_say(face, label)}<input class="a-text" name="{name}" type="{kind}" autocomplete="{fill}" '
        f"{'' if fill == 'off' else 'required'}{' autofocus' if place == 0 else ''}></label>"
        for place, (name, label, kind, fill) in enumerate(fields)
    )
    other = f'<a class="a-btn" data-oidc hidden>{_say(face, "login.oidc")}</a>' if oidc else ""
    told = {"waiting": "login.waiting", "lost": "centre.lost", "differ": "first.differ"}
    data = "".join(f' data-{name}="{_say(face, key)}"' for name, key in told.items())
    return HTMLResponse(
        f'<!doctype html><html lang="{face.lang}" data-theme="{face.theme}"><head><meta charset="utf-8"><title>Aelita</title>'
        f'<meta name="viewport" content="width=device-width,initial-scale=1"><link rel="icon" href="{address("icon.svg")}">'
        f'<link rel="stylesheet" href="{address("console.css")}"></head><body><main class="l-all">'
        f'<form class="l-box" data-to="/api/v1/{to}"{data}><div class="l-brand"><img src="{address("icon.svg")}" width="22" '
        f'height="22" alt="">AELITA</div><h1>{_say(face, title)}</h1>{f"<p>{_say(face, text)}</p>" if text else ""}'
        f'<div class="dim">{html.escape(request.app.state.title)}</div>{shown}<button class="a-btn pri">{_say(face, submit)}'
        f'</button>{other}<div class="l-say" role="alert"></div></form></main><script>{SCRIPT}</script></body></html>'
    )


def _say(face: Look, key: str) -> str:
    return html.escape(word(face.lang, key))
