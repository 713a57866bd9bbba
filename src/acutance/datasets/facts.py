"""What was published of each dataset: counts, scale, licence, where it is, how it lies on disk.

Counts are the papers' and were held against the published label files where these could be read:
KonIQ-10k, CSIQ, AGIQA-3K and BIQ2021.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from acutance.types import Better

RESEARCH_ONLY = "Education and research only, commercial use: no."
NOT_STATED = "Not stated with the data."


@dataclass(frozen=True, kw_only=True, slots=True)
class DatasetFacts:
    """One dataset as published."""

    name: str
    """Name on the command line and in Python."""
    title: str
    """Name as the paper spells it."""
    rated: int
    """Pictures with an opinion score."""
    unrated: int = 0
    """Pictures without one that belong to the set all the same."""
    references: int | None = None
    """Pristine pictures; ``None`` where there are none."""
    distortions: int | None = None
    """Kinds of distortion, methods or generators; ``None`` where nobody counts them."""
    splits: Mapping[str, int] = field(default_factory=dict)
    """Pictures in each official split."""
    better: Better = "higher"
    """Which direction of the published scores means better quality."""
    low: float | None = None
    """Lowest value of the published scale; ``None`` where it has no stated end."""
    high: float | None = None
    """Highest value of the scale."""
    layout: str
    """Files and folders below the root."""
    licence: str
    """What may be done with it, as far as its authors say."""
    where: str
    """Where to get it."""
    paper: str
    """Authors, title, venue and year."""
    note: str = ""
    """What surprises."""

    @property
    def pictures(self) -> int:
        """All pictures that have a row, references left out."""
        return self.rated + self.unrated


TID2008 = DatasetFacts(
    name="tid2008",
    title="TID2008",
    rated=1700,
    references=25,
    distortions=17,
    low=0.0,
    high=9.0,
    layout="distorted_images/, reference_images/, mos_with_names.txt, mos_std.txt",
    licence=RESEARCH_ONLY,
    where="https://www.ponomarenko.info/tid2008.htm",
    paper="Ponomarenko et al., TID2008 - a database for evaluation of full-reference metrics, 2009",
    note="File names differ in case from those in the list.",
)
TID2013 = DatasetFacts(
    name="tid2013",
    title="TID2013",
    rated=3000,
    references=25,
    distortions=24,
    low=0.0,
    high=9.0,
    layout=TID2008.layout,
    licence="See its readme; that of TID2008 allows education and research only.",
    where="https://www.ponomarenko.info/tid2013.htm",
    paper="Ponomarenko et al., Image database TID2013, Signal Processing: Image Communication 30, 2015",
    note="References I01.BMP to I24.BMP and i25.bmp; file names differ in case from those in the list.",
)
KADID10K = DatasetFacts(
    name="kadid10k",
    title="KADID-10k",
    rated=10_125,
    references=81,
    distortions=25,
    low=1.0,
    high=5.0,
    layout="images/, dmos.csv",
    licence="Pictures from Pixabay; terms of the labels not stated with the data.",
    where="https://database.mmsp-kn.de/kadid-10k-database.html",
    paper="Lin, Hosu, Saupe, KADID-10k, QoMEX 2019",
    note="Its column dmos is better when higher; its column var is the standard deviation of 30 votes.",
)
KADIS700K = DatasetFacts(
    name="kadis700k",
    title="KADIS-700k",
    rated=0,
    unrated=700_000,
    references=140_000,
    distortions=25,
    layout="ref_imgs/, dist_imgs/, kadis700k_ref_imgs.csv",
    licence="Pictures from Pixabay; terms of the lists not stated with the data.",
    where="https://database.mmsp-kn.de/kadid-10k-database.html",
    paper="Lin, Hosu, Saupe, DeepFL-IQA: weak supervision for deep IQA feature learning, 2020",
    note="Published as pristine pictures and MATLAB code that makes dist_imgs; nobody was asked for opinions.",
)
CSIQ = DatasetFacts(
    name="csiq",
    title="CSIQ",
    rated=866,
    references=30,
    distortions=6,
    better="lower",
    low=0.0,
    high=1.0,
    layout="src_imgs/, dst_imgs/ or dst_imgs_all/, and csiq.DMOS.xlsx, DMOS.csv or csiq_label.txt",
    licence=NOT_STATED,
    where="https://s2.smu.edu/~eclarson/csiq.html",
    paper="Larson, Chandler, Most apparent distortion, Journal of Electronic Imaging 19(1), 2010",
    note="DMOS: lower is better. File names carry AWGN, BLUR and JPEG in capitals.",
)
LIVE = DatasetFacts(
    name="live",
    title="LIVE (release 2)",
    rated=779,
    references=29,
    distortions=5,
    better="lower",
    layout="refimgs/, jp2k/, jpeg/, wn/, gblur/, fastfading/, dmos_realigned.mat, refnames_all.mat",
    licence="Any use with its copyright notice.",
    where="https://live.ece.utexas.edu/research/quality/subjective.htm",
    paper="Sheikh, Sabir, Bovik, A statistical evaluation of recent FR IQA algorithms, IEEE TIP 15(11), 2006",
    note="DMOS: lower is better; realigned values have no stated ends. The 203 references among the 982 are left out.",
)
LIVEC = DatasetFacts(
    name="livec",
    title="LIVE In the Wild Challenge",
    rated=1162,
    low=0.0,
    high=100.0,
    layout="Images/, Data/AllImages_release.mat, Data/AllMOS_release.mat, Data/AllStdDev_release.mat",
    licence="Any use with its copyright notice.",
    where="https://live.ece.utexas.edu/research/ChallengeDB/index.html",
    paper="Ghadiyaram, Bovik, Massive online crowdsourced study, IEEE TIP 25(1), 2016",
    note="The first 7 of its 1169 entries are pictures of the training session and are left out.",
)
BID = DatasetFacts(
    name="bid",
    title="BID",
    rated=586,
    low=0.0,
    high=5.0,
    layout="DatabaseImage0001.JPG and so on, DatabaseGrades.xlsx",
    licence=NOT_STATED,
    where="http://www02.smt.ufrj.br/~eduardo/ImageDatabase.htm",
    paper="Ciancio et al., No-reference blur assessment of digital pictures, IEEE TIP 20(1), 2011",
)
KONIQ10K = DatasetFacts(
    name="koniq10k",
    title="KonIQ-10k",
    rated=10_073,
    splits={"train": 7058, "validation": 1000, "test": 2015},
    low=0.0,
    high=100.0,
    layout="1024x768/ or 512x384/, koniq10k_distributions_sets.csv or koniq10k_scores_and_distributions.csv",
    licence="Labels: MIT. Pictures: Creative Commons, each with the licence of its author in YFCC100M.",
    where="https://database.mmsp-kn.de/koniq-10k-database.html",
    paper="Hosu, Lin, Sziranyi, Saupe, KonIQ-10k, IEEE TIP 29, 2020",
    note="z-scores rescaled to 0..100. Its column SD is on the raw scale 1..5 and is left out.",
)
SPAQ = DatasetFacts(
    name="spaq",
    title="SPAQ",
    rated=11_125,
    low=0.0,
    high=100.0,
    layout="TestImage/, Annotations/MOS and Image attribute scores.xlsx",
    licence=RESEARCH_ONLY,
    where="https://github.com/h4nwei/SPAQ",
    paper="Fang, Zhu, Zeng, Ma, Wang, Perceptual quality assessment of smartphone photography, CVPR 2020",
)
AGIQA3K = DatasetFacts(
    name="agiqa3k",
    title="AGIQA-3K",
    rated=2982,
    distortions=10,
    low=0.0,
    high=5.0,
    layout="AGIQA-3K/ (or the pictures in the root), data.csv",
    licence="MIT, commercial use: yes.",
    where="https://github.com/lcysyzxdxc/AGIQA-3k-Database",
    paper="Li et al., AGIQA-3K, IEEE TCSVT 34(8), 2024",
    note="mos_quality, from 0.0 to 4.4887. In place of a distortion: the generator and its setting, ten of them.",
)
PIPAL = DatasetFacts(
    name="pipal",
    title="PIPAL",
    rated=23_200,
    references=200,
    distortions=40,
    layout="Train_Ref/, Train_Dist/, Train_Label/*.txt; Val_Ref/, Val_Dist/ and so on if there",
    licence=NOT_STATED,
    where="https://github.com/HaomingCai/PIPAL-dataset",
    paper="Gu et al., PIPAL: a large-scale IQA dataset for perceptual image restoration, ECCV 2020",
    note="Elo ratings without ends. Distortions are told as the code in the file name, not as the 40 kinds.",
)
PIEAPP = DatasetFacts(
    name="pieapp",
    title="PieAPP",
    rated=600,
    unrated=19_680,
    references=200,
    distortions=75,
    better="lower",
    layout="reference_images/, distorted_images/, labels/, each with train/, val/ and test/",
    licence="Education only, commercial use: no.",
    where="https://github.com/prashnani/PerceptualImageError",
    paper="Prashnani, Cai, Mostofi, Sen, PieAPP: perceptual image-error assessment, CVPR 2018",
    note="Errors, 0 for the reference: lower is better. Only the 600 test pictures have them; pairs have preferences.",
)
DIFFIQA = DatasetFacts(
    name="diffiqa",
    title="DiffIQA",
    rated=0,
    unrated=179_208,
    references=29_868,
    distortions=6,
    layout="Train/, Validation/, Test/ with images/Original/ and images/01/ to 06/; or images/ in the root",
    licence="Academic research only, commercial use: no.",
    where="https://github.com/ChrisDud0257/AFINE",
    paper="Chen, Wu, Ma, Zhang, Toward generalized image quality assessment, CVPR 2025",
    note="Three people each said whether the enhanced picture is better than its reference; no scores.",
)
SRIQA_BENCH = DatasetFacts(
    name="sriqa_bench",
    title="SRIQA-Bench",
    rated=1100,
    references=100,
    distortions=11,
    low=0.0,
    high=100.0,
    layout="images/ with a folder for each method, MOS/*.txt",
    licence="Academic research only, commercial use: no.",
    where="https://github.com/ChrisDud0257/AFINE",
    paper=DIFFIQA.paper,
    note="Scores run from 0 to 100 within each scene. The reference is rated too, as the method Original.",
)
BIQ2021 = DatasetFacts(
    name="biq2021",
    title="BIQ2021",
    rated=12_000,
    splits={"train": 10_000, "test": 2000},
    low=0.0,
    high=1.0,
    layout="Images/, Train (Images and MOS).csv, Test (Images and MOS).csv",
    licence=NOT_STATED,
    where="https://github.com/nisarahmedrana/BIQ2021",
    paper="Ahmed, Asif, BIQ2021: a large-scale blind IQA database, Journal of Electronic Imaging 31(5), 2022",
    note="11,989 pictures are 512x512. The train list has two empty columns; one of its names differs in case.",
)
