"""The offices behind the web's doors: one for each thing that people change on the site."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from hub.access.local import LocalDoor
from hub.assembly.backtest_process import Backtests
from hub.assembly.loading import World
from hub.assembly.parameter_office import SiteParameters
from hub.assembly.rule_office import SiteRules
from hub.assembly.schedule_office import SiteSchedules
from hub.assembly.site_office import SiteBooks
from hub.assembly.web import Doors
from hub.assembly.whistles import open_whistles
from hub.clock import Clock
from hub.intake.core import Intake
from hub.model.agenda import MEETINGS
from hub.model.era import ERAS, read_eras
from hub.model.handover import HANDOVERS
from hub.model.project import PROJECTS
from hub.model.scorecard import SCORES
from hub.model.survey import SURVEYS
from hub.ports import BellOffice
from hub.services.community.agenda_book import AgendaBook
from hub.services.community.project_book import ProjectBook
from hub.services.community.score_book import ScoreBook
from hub.services.community.survey_book import SurveyBook
from hub.services.duty.handover_book import HandOverBook
from hub.services.duty.roster_book import RosterBook
from hub.services.duty.sheet_writer import SheetWriter
from hub.services.figures.course_book import CourseBook
from hub.services.rule_shelf import RuleShelf
from hub.services.window_book import WINDOWS, WindowBook
from hub.store.sqlite import SqliteStore


async def open_offices(
    config: Path,
    world: World,
    intake: Intake,
    *,
    store: SqliteStore,
    shelf: RuleShelf,
    clock: Clock,
    local: LocalDoor,
    bells: BellOffice,
    renew: Callable[[], None],
) -> Doors:
    """Open every office on what is stored, and on the desk where changes take their turn."""
    rules = SiteRules(
        world,
        shelf,
        put=intake.desk.put_rules,
        closings=store.books.closing_codes,
        backtest=Backtests(config).run,
        clock=clock,
    )
    windows = WindowBook(
        await store.books.documents(WINDOWS),
        devices=world.site.devices,
        places=world.site.places,
        put=intake.desk.put_windows,
        clock=clock,
    )
    rosters = RosterBook(intake.climbs.staff, write=intake.desk.write, clock=clock)
    handovers = HandOverBook(
        await store.books.documents(HANDOVERS),
        writer=SheetWriter(
            live=intake.live,
            books=store.books,
            archive=store.archive,
            pulse=intake.pulse,
            windows=windows,
            clock=clock,
        ),
        books=store.books,
        write=intake.desk.write,
        clock=clock,
    )
    projects = ProjectBook(
        await store.books.documents(PROJECTS),
        places=world.site.places,
        write=intake.desk.write,
        clock=clock,
    )
    courses = CourseBook(store.books)
    agenda = AgendaBook(
        await store.books.documents(MEETINGS),
        live=intake.live,
        books=store.books,
        courses=courses,
        projects=projects,
        write=intake.desk.write,
        clock=clock,
        test=world.settings.demo.test,
    )
    whistles = await open_whistles(world, intake, store, windows, clock)
    surveys = SurveyBook(
        await store.books.documents(SURVEYS),
        books=store.books,
        courses=courses,
        reports=whistles.book.reports_of,
        write=intake.desk.write,
        clock=clock,
    )
    scorecard = ScoreBook(
        await store.books.documents(SCORES),
        world.scorecard,
        live=intake.live,
        courses=courses,
        surveys=surveys,
        write=intake.desk.write,
        clock=clock,
        test=world.settings.demo.test,
    )
    return Doors(
        local=local,
        rules=rules,
        schedules=SiteSchedules(rules),
        parameters=SiteParameters(rules, world.site),
        windows=windows,
        rosters=rosters,
        handovers=handovers,
        escalation=intake.climbs,
        bells=bells,
        whistles=whistles,
        projects=projects,
        agenda=agenda,
        surveys=surveys,
        scorecard=scorecard,
        courses=courses,
        eras=read_eras(await store.books.documents(ERAS)),
        site=SiteBooks(
            world.settings,
            world.models,
            books=store.books,
            write=intake.desk.write,
            clock=clock,
            renew=renew,
        ),
    )
