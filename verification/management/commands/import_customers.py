from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from customers.importing import Folder, FolderResult, folder_import, folders_found
from sigweb.accounts.models import Branch, User
from verification.importing import imported_approve


class Command(BaseCommand):
    help = (
        "Enrol customers from folders: one folder a customer, called by the customer number or by "
        '"number - name" (or with the name in name.txt), one picture a specimen. Running it again, also after it '
        "was stopped, stores only what is missing. With --approve-as those of its own pictures are approved that "
        "nothing speaks against; the others wait for a person."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("directory", type=Path, metavar="DIR")
        parser.add_argument("--enrol-as", required=True, metavar="USER", help="log-in that enrols")
        parser.add_argument("--approve-as", metavar="USER", help="log-in that approves; without it all wait")
        parser.add_argument("--branch", metavar="CODE", help="branch of new customers; default: that of --enrol-as")

    def handle(self, *args: Any, **options: Any) -> None:
        directory: Path = options["directory"]
        if not directory.is_dir():
            raise CommandError(f"{directory} is no folder.")
        enrol_as = _user(options["enrol_as"], "customers.enrol_specimen", "customers.add_customer")
        approve_as = _user(options["approve_as"], "customers.approve_specimen") if options["approve_as"] else None
        branch = _branch(options["branch"], enrol_as)
        folders = list(folders_found(directory))
        if not folders:
            raise CommandError(f"{directory} holds no folders; it needs one folder a customer.")
        console = Console(highlight=False)
        results: list[FolderResult] = []
        columns = (TextColumn("Customers"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
        with Progress(*columns, console=console, transient=True) as progress:
            for folder in progress.track(folders):
                result = _imported(folder, branch, enrol_as, approve_as)
                results.append(result)
                for remark in result.remarks:
                    progress.console.print(escape(remark), soft_wrap=True)
        console.print(_summary(results), soft_wrap=True)


def _imported(folder: Folder, branch: Branch, enrol_as: User, approve_as: User | None) -> FolderResult:
    result = folder_import(folder=folder, branch=branch, enrol_as=enrol_as)
    if approve_as is not None:
        imported_approve(result=result, enrolled_by=enrol_as, actor=approve_as)
    return result


def _summary(results: list[FolderResult]) -> str:
    enrolled, approved = sum(r.enrolled for r in results), sum(r.approved for r in results)
    waiting, known = sum(r.waiting for r in results), sum(r.known for r in results)
    return (
        f"{len(results)} folders: {enrolled} specimens enrolled, {approved} approved, {waiting} left waiting, "
        f"{known} stored already, {sum(len(r.remarks) for r in results)} remarks."
    )


def _user(username: str, *permissions: str) -> User:
    user = User.objects.filter(username=username, is_active=True).first()
    if user is None:
        raise CommandError(f"There is no active log-in “{username}”.")
    if not user.has_perms(permissions):
        raise CommandError(f"“{username}” may not do this: {', '.join(permissions)} is needed.")
    return user


def _branch(code: str | None, user: User) -> Branch:
    if code:
        branch = Branch.objects.filter(code=code).first()
        if branch is None:
            raise CommandError(f"There is no branch “{code}”.")
        return branch
    if user.branch is not None:
        return user.branch
    branches = list(Branch.objects.all()[:2])
    if len(branches) == 1:
        return branches[0]
    raise CommandError("Say with --branch CODE to which branch new customers belong.")
