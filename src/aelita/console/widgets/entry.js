// The pages that open without a session: logging in, and the page behind a one-time link. Their words come with them.
const form = document.querySelector("form"),
  asked = new URLSearchParams(location.search),
  words = window.AELITA_WORDS;
const find = (what) => form.querySelector(what);
const password = find("[name=password]"),
  again = find("[name=again]"),
  user = find("[name=user]");

function after() {
  // only addresses of this console, as the browser reads them: it drops tabs and dots
  const to = URL.canParse(asked.get("next") ?? "/", location.origin) ? new URL(asked.get("next") ?? "/", location.origin) : null;
  return to?.origin === location.origin && !to.pathname.startsWith("//") ? to.pathname + to.search + to.hash : "/";
}
function tell(text, calm) {
  const line = find(".l-say");
  line.textContent = text;
  line.className = calm ? "l-say calm" : "l-say";
}
async function problem(answer) {
  const told = await answer.json().catch(() => ({}));
  return [told.detail ?? "HTTP " + answer.status, told.remedy].filter(Boolean).join(" ");
}
function make(tag, cls, text) {
  const e = document.createElement(tag);
  e.className = cls;
  e.textContent = text;
  return e;
}

form.onsubmit = async (event) => {
  event.preventDefault();
  if (again && again.value !== password.value) return tell(words["first.differ"]);
  const body = { user: user.value, password: password.value },
    button = find("button.pri");
  if (again)
    Object.assign(body, {
      code: asked.get("code") ?? "",
      roles: [...form.querySelectorAll("[data-role]:checked:not(:disabled)")].map((e) => e.dataset.role),
    });
  tell(words["login.waiting"], true);
  button.disabled = true;
  try {
    const answer = await fetch(form.dataset.to, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(body),
    });
    if (answer.ok) {
      location.replace(after());
      return;
    }
    tell(await problem(answer));
  } catch {
    tell(words["centre.lost"]);
  }
  button.disabled = false;
  password.select();
};

for (const button of document.querySelectorAll("[data-language]"))
  button.onclick = () => {
    const kept = document.cookie.split("; ").find((one) => one.startsWith("aelita_look=")),
      look = new URLSearchParams(decodeURIComponent(kept?.slice(12) ?? ""));
    look.set("lang", button.dataset.language);
    document.cookie = `aelita_look=${encodeURIComponent(look)}; path=/; max-age=31536000; samesite=strict`;
    location.reload();
  };

async function offerOrganisation(link) {
  const told = await (await fetch("/api/v1/auth/oidc/about")).json();
  if (!told.configured) return;
  link.href = "/api/v1/auth/oidc?next=" + encodeURIComponent(after());
  if (told.title) link.textContent = told.title;
  link.hidden = false;
}
async function goOnWithSession() {
  // a link on another site leads here though there is a session: browsers keep a strict cookie back, but not from a fetch
  const went = "aelita:went:" + after();
  if (Date.now() - Number(sessionStorage.getItem(went) ?? 0) < 5000 || !(await fetch("/api/v1/auth/me")).ok) return;
  sessionStorage.setItem(went, Date.now());
  tell(words["login.going"], true);
  location.replace(after());
}

function role(one) {
  const label = make("label", "", ""),
    box = make("input", "", ""),
    what = make("span", "", "");
  box.type = "checkbox";
  box.dataset.role = one.role;
  box.checked = box.disabled = one.given;
  what.append(
    make("b", "", one.title),
    make("span", "dim", one.may.map((permission) => words["may." + permission] ?? permission).join("; ")),
  );
  label.append(box, what);
  return label;
}
function chooseRoles(roles) {
  const list = make("div", "l-roles", "");
  list.append(...roles.sort((a, b) => b.given - a.given).map(role));
  find("[data-roles]").append(make("h2", "", words["first.roles"]), make("p", "dim", words["first.roles.hint"]), list);
  form.classList.add("wide");
}
async function whose() {
  const answer = await fetch("/api/v1/auth/first?code=" + encodeURIComponent(asked.get("code") ?? ""));
  if (answer.status === 403 || answer.status === 422) {
    for (const e of form.querySelectorAll(".a-field,button.pri,[data-roles]")) e.hidden = true;
    find("[data-about]").textContent = words["first.ended"];
    find("[data-ended]").hidden = false;
    return;
  }
  if (!answer.ok) {
    tell(await problem(answer));
    return;
  }
  const told = await answer.json();
  find("[data-about]").textContent = words[told.user ? "first.of.user" : "first.of.first"];
  if (told.user) {
    user.value = told.user;
    user.readOnly = true;
    password.focus();
  } else if (told.roles.length) chooseRoles(told.roles);
}

const lost = () => tell(words["centre.lost"]);
if (asked.has("ended")) {
  tell(words["login.ended"], true);
  sessionStorage.setItem("aelita:left", after()); // it is not for somebody else who logs in
}
if (again) {
  // pressed before it is known whose the link is, the form would lack a name
  find("button.pri").disabled = true;
  whose()
    .catch(lost)
    .finally(() => (find("button.pri").disabled = false));
} else {
  offerOrganisation(find("[data-oidc]")).catch(() => {});
  goOnWithSession().catch(() => {});
}
