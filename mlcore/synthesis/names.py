"""Made-up names for synthetic signers: common given and family names, put together by chance."""

from __future__ import annotations

import numpy as np


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


_LATIN_GIVEN = _words(
    """
    Anna Maria Laura Helen Joan Karin Sofia Clara Elena Ines Julia Nora Ruth Vera Zoe Amelie
    Peter David Robert Thomas Martin Paul Simon Victor Walter Henry George Oscar Leon Bruno
    Kevin Edgar Felix Ivan Jonas Carlos Diego Mateo Hugo Milan Nico Owen Umar Yusuf Wim Otto
    """
)
_LATIN_FAMILY = _words(
    """
    Keller Bauer Hansen Moreau Rossi Novak Jansen Visser Almeida Castro Delgado Fischer Grant
    Harper Irving Johnson Kowalski Lindholm Murray Nilsen Ortega Palmer Quint Rivera Sanders
    Turner Ulrich Vogel Walsh Yilmaz Zeller Bishop Carver Dalton Ellwood Ferris Gallo Hobbs
    Marin Petit Rowe Santos Demir Kaya Aydin Weber Lopes Berg Dunn Frost Hale Young Evans
    """
)
_INDIC_GIVEN = _words(
    """
    Anil Sunita Ramesh Kavita Mohan Priya Suresh Anita Vijay Lata Ganesh Meena Rahul Sita Tapan
    Mitali Subir Rina Bimal Dipa Kamal Nita Paresh Jaya Harish Uma Sujata Arun
    """
)
_INDIC_FAMILY = _words(
    """
    Sharma Verma Gupta Das Roy Sen Pal Kundu Mishra Yadav Kumar Joshi Saha Dutta Mandal Bose
    Nandi Patil Rao Jaiswal Tiwari Hazra Barman Lal Sarkar Biswas
    """
)


def latin_name(rng: np.random.Generator) -> str:
    return f"{rng.choice(_LATIN_GIVEN)} {rng.choice(_LATIN_FAMILY)}"


def indic_name(rng: np.random.Generator) -> str:
    return f"{rng.choice(_INDIC_GIVEN)} {rng.choice(_INDIC_FAMILY)}"
