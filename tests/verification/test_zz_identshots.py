from __future__ import annotations
import uuid
from typing import Any
import pytest
from playwright.sync_api import Page
from mlcore.models import ModelVersion
from mlcore.services import specimen_embed
from mlcore.synthesis import make_signer, signature_png
from sigweb.accounts.models import User
from tests.mlcore.making import make_customer, make_specimen
from tests.verification.test_browser import log_in
from verification.identification import identification_run
from verification.models import Verification
from verification.services import verification_run
pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

def test_shots(open_page: Any, live_server: Any, base: ModelVersion) -> None:
    admin = User.objects.create_superuser("root", password="x")
    cs=[]
    for n in range(14):
        s=make_signer(40+n); c=make_customer(name=s.name); cs.append(c)
        for k in range(4 if n else 5):
            specimen_embed(specimen=make_specimen(c,data=signature_png(s,k)),version=base)
    made=[verification_run(actor=admin,customer=cs[0],data=signature_png(make_signer(40 if k%4 else 41+k%5),60+k),request_token=uuid.uuid4()) for k in range(14)]
    ids=[identification_run(actor=admin,data=signature_png(make_signer(g),70),purpose="returned mail",request_token=uuid.uuid4()) for g in (42,99)]
    one=make_customer(name="Uma One"); make_specimen(one,data=signature_png(make_signer(70),1))
    none=make_customer(name="Nil Nobody")
    pages={"identify":"/identify/","known":f"/identify/{ids[0].public_id}/","unknown":f"/identify/{ids[1].public_id}/","customer":f"/customers/{cs[0].public_id}/","one":f"/customers/{one.public_id}/","none":f"/customers/{none.public_id}/","vectors":"/vectors/","verdict":f"/verifications/{made[1].public_id}/"}
    for w,theme in ((1280,"light"),(1280,"dark"),(390,"light"),(390,"dark")):
        with open_page({"width":w,"height":900}) as page:
            page.goto(live_server.url+"/login/" if 0 else live_server.url)
            page.emulate_media(color_scheme=theme)
            page.evaluate("t=>localStorage.setItem('theme',t)",theme)
            log_in(page,live_server,admin)
            for n,u in pages.items():
                page.goto(live_server.url+u); page.wait_for_load_state("networkidle")
                if n=="vectors" and w==1280:
                    page.locator("#vs-find").focus(); page.keyboard.press("Tab"); page.keyboard.press("ArrowRight")
                page.wait_for_timeout(300)
                page.screenshot(path=f"/tmp/x/ident/s-{n}-{w}-{theme}.png",full_page=True)
