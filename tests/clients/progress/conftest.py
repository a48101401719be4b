"""Two series everybody here is measured on: the Nile, and the demo case's pattern of slow warming."""

import pytest

NILE = """
1120 1160 963 1210 1160 1160 813 1230 1370 1140 995 935 1110 994 1020 960 1180 799 958 1140
1100 1210 1150 1250 1260 1220 1030 1100 774 840 874 694 940 833 701 916 692 1020 1050 969
831 726 456 824 702 1120 1100 832 764 821 768 845 864 862 698 845 744 796 1040 759
781 865 845 944 984 897 822 1010 771 676 649 846 812 742 801 1040 860 874 848 890
744 749 838 1050 918 986 797 923 975 815 1020 906 901 1170 912 746 919 718 714 740
"""
DAYS = (3, 7, 10, 14, 17, 21, 24, 28, 31, 35)


@pytest.fixture(scope="session")
def nile() -> dict[int, float]:
    """Annual flow of the Nile at Aswan, 1871 to 1970, in 10^8 cubic metres (public domain)."""
    return {1871 + i: float(flow) for i, flow in enumerate(NILE.split())}


@pytest.fixture(scope="session")
def warming() -> list[tuple[float, float]]:
    """Warmth of the regression fixture: (day, W)."""
    return list(zip(DAYS, (15, 20, 10, 20, 35, 45, 40, 55, 60, 55), strict=True))


@pytest.fixture(scope="session")
def demo_answers() -> list[tuple[float, dict[str, object]]]:
    """The demo's first case: (day, answers), from (c3, positive chips, c5)."""
    rows = [
        (1, 0, None), (1, 0, 1), (1, 0, 0), (1, 0, 1), (2, 1, 0),
        (2, 2, 0), (2, 1, 1), (2, 2, 2), (3, 1, 2), (2, 2, 2),
    ]  # fmt: skip
    return [
        (
            day,
            {
                "c3": c3,
                "c4": ["kind", "memory", "together"][:chips] or "none",
                "c5": "none" if c5 is None else c5,
            },
        )
        for day, (c3, chips, c5) in zip(DAYS, rows, strict=True)
    ]
