"""The offices of community work: claims, the joint meeting, surveys, the scorecard."""

from __future__ import annotations

import msgspec

from hub.assembly.loading import World
from hub.assembly.whistles import Whistles
from hub.clock import Clock
from hub.intake.core import Intake
from hub.model.agenda import MEETINGS
from hub.model.project import PROJECTS
from hub.model.scorecard import SCORES
from hub.model.survey import SURVEYS
from hub.services.community.agenda_book import AgendaBook
from hub.services.community.project_book import ProjectBook
from hub.services.community.score_book import ScoreBook
from hub.services.community.survey_book import SurveyBook
from hub.services.figures.course_book import CourseBook
from hub.store.sqlite import SqliteStore


class CommunityOffices(msgspec.Struct, frozen=True, kw_only=True):
    """Projects, agenda, surveys and scorecard, and the courses of tickets that they count."""

    projects: ProjectBook
    agenda: AgendaBook
    surveys: SurveyBook
    scorecard: ScoreBook
    courses: CourseBook


async def open_community(
    world: World, intake: Intake, store: SqliteStore, whistles: Whistles, clock: Clock
) -> CommunityOffices:
    """Open them on what is stored, and on the desk where changes take their turn."""
    documents, write, live = store.books.documents, intake.desk.write, intake.live
    test, courses = world.settings.demo.test, CourseBook(store.books)
    projects = ProjectBook(
        await documents(PROJECTS), places=world.site.places, write=write, clock=clock
    )
    agenda = AgendaBook(
        await documents(MEETINGS),
        live=live,
        books=store.books,
        courses=courses,
        projects=projects,
        write=write,
        clock=clock,
        test=test,
    )
    surveys = SurveyBook(
        await documents(SURVEYS),
        books=store.books,
        courses=courses,
        reports=whistles.book.reports_of,
        write=write,
        clock=clock,
    )
    scorecard = ScoreBook(
        await documents(SCORES),
        world.scorecard,
        live=live,
        courses=courses,
        surveys=surveys,
        write=write,
        clock=clock,
        test=test,
    )
    return CommunityOffices(
        projects=projects, agenda=agenda, surveys=surveys, scorecard=scorecard, courses=courses
    )
