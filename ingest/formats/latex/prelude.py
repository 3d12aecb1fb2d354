"""Macros that physicists' documents use without defining them, written in LaTeX: a document's own definition wins.

Most stand in the style files of the experiments, in siunitx, physics or braket, which are seldom part of a document's
tree.
"""

from functools import cache

from ingest.formats.latex.definitions import EXPANDABLE
from ingest.formats.latex.macros import Expander, Macro
from ingest.formats.latex.tokens import tokenised
from ingest.formats.latex.tree import Tree

_PLAIN_TEX = r"""
\def\@empty{} \def\empty{}
\def\@gobble#1{} \def\@gobbletwo#1#2{}
\def\@firstofone#1{#1} \def\@firstoftwo#1#2{#1} \def\@secondoftwo#1#2{#2}
\def\@nameuse#1{\csname #1\endcsname} \def\csuse#1{\csname #1\endcsname}
\def\@namedef#1{\expandafter\def\csname #1\endcsname}
\def\unexpanded#1{#1} \def\detokenize#1{#1}
\def\bgroup{} \def\egroup{} \def\begingroup{} \def\endgroup{} \def\relax{}
\def\texorpdfstring#1#2{#1}
\def\bibrangedash{--} \def\bibinitperiod{.} \def\bibinitdelim{ } \def\bibnamedelima{ } \def\bibnamedelimb{ }
\def\IEEEPARstart#1#2{#1#2} \def\IEEEmembership#1{}
\def\lq{`} \def\rq{'}
\def\LaTeX{LaTeX} \def\LaTeXe{LaTeX2e} \def\TeX{TeX} \def\BibTeX{BibTeX} \def\XeTeX{XeTeX} \def\LuaTeX{LuaTeX}
\def\pdfLaTeX{pdfLaTeX} \def\AmS{AMS} \def\AmSTeX{AMS-TeX}
\def\slash{/} \def\textvisiblespace{_} \def\textbar{|} \def\textless{<} \def\textgreater{>} \def\textunderscore{_}
\def\cmidrulewidth{} \def\arraystretch{1}
\def\ie{i.e.\xspace} \def\eg{e.g.\xspace} \def\etal{et al.\xspace} \def\etc{etc.\xspace} \def\cf{cf.\xspace}
\def\vs{vs.\xspace} \def\wrt{w.r.t.\xspace}
\def\refname{References} \def\bibname{References} \def\abstractname{Abstract} \def\contentsname{Contents}
\def\acknowledgmentsname{Acknowledgements} \def\appendixname{Appendix} \def\figurename{Figure} \def\tablename{Table}
\def\proofname{Proof} \def\lstlistingname{Listing}
"""

_MATHEMATICS = r"""
\def\bm#1{\boldsymbol{#1}}
\NewDocumentCommand{\vb}{s m}{\mathbf{#2}} \NewDocumentCommand{\va}{s m}{\vec{#2}}
\NewDocumentCommand{\vu}{s m}{\hat{\mathbf{#2}}} \def\eval#1{\left. #1 \right|} \def\cross{\times} \def\vdot{\cdot}
\NewDocumentCommand{\mqty}{s d() d[] g}{\IfValueT{#2}{\begin{pmatrix}#2\end{pmatrix}}%
\IfValueT{#3}{\begin{bmatrix}#3\end{bmatrix}}\IfValueT{#4}{\begin{matrix}#4\end{matrix}}}
\def\sfrac#1#2{{#1}/{#2}} \def\nicefrac#1#2{{#1}/{#2}} \def\textfrac#1#2{{#1}/{#2}}
\def\bra#1{\langle #1 |} \def\ket#1{| #1 \rangle} \def\Bra#1{\langle #1 |} \def\Ket#1{| #1 \rangle}
\NewDocumentCommand{\braket}{s m g}{\langle #2\IfValueT{#3}{ | #3} \rangle} \def\Braket#1{\langle #1 \rangle}
\def\ketbra#1#2{| #1 \rangle\langle #2 |}
\def\expval#1{\langle #1 \rangle} \def\mel#1#2#3{\langle #1 | #2 | #3 \rangle}
\NewDocumentCommand{\abs}{s m}{\left| #2 \right|} \NewDocumentCommand{\norm}{s m}{\left\| #2 \right\|}
\NewDocumentCommand{\order}{s m}{\mathcal{O}(#2)}
\NewDocumentCommand{\comm}{s m m}{[#2, #3]} \NewDocumentCommand{\acomm}{s m m}{\{#2, #3\}}
\NewDocumentCommand{\dd}{o g}{\mathrm{d}\IfValueTF{#1}{^{#1}}{}\IfValueTF{#2}{#2}{}}
\NewDocumentCommand{\dv}{s o m g}{\frac{\mathrm{d}\IfValueTF{#2}{^{#2}}{}\IfValueTF{#4}{#3}{}}%
{\mathrm{d}\IfValueTF{#4}{#4}{#3}\IfValueTF{#2}{^{#2}}{}}}
\NewDocumentCommand{\pdv}{s o m g}{\frac{\partial\IfValueTF{#2}{^{#2}}{} \IfValueTF{#4}{#3}{}}%
{\partial \IfValueTF{#4}{#4}{#3}\IfValueTF{#2}{^{#2}}{}}}
\NewDocumentCommand{\odv}{s o m m}{\frac{\mathrm{d}#3}{\mathrm{d}#4}}
\def\grad{\nabla} \def\curl{\nabla\times} \def\divergence{\nabla\cdot} \def\laplacian{\nabla^2}
\def\Tr{\operatorname{Tr}} \def\tr{\operatorname{tr}} \def\rank{\operatorname{rank}}
\def\erf{\operatorname{erf}}
\def\slashed#1{\not{#1}} \def\cancel#1{\not{#1}}
\def\ce#1{\mathrm{#1}} \def\isotope{\collabisotope} \def\nuclide{\collabisotope}
\NewDocumentCommand{\collabisotope}{o O{} m}{\ensuremath{{}^{\IfValueTF{#1}{#1}{}}\mathrm{#3}}}
\def\decay#1#2{\ensuremath{#1 \to #2}} \def\AtlasOrcid{\collab@second} \NewDocumentCommand{\collab@second}{o m}{#2}
\def\lsim{\lesssim} \def\gsim{\gtrsim} \def\ltsim{\lesssim} \def\gtsim{\gtrsim}
"""

# Names of quantities, each with the formula it stands for.
_QUANTITIES = {
    "pt pT PT": r"p_{\mathrm{T}}",
    "ptmiss PTmiss": r"p_{\mathrm{T}}^{\mathrm{miss}}",
    "ptvec": r"\vec{p}_{\mathrm{T}}",
    "ptvecmiss": r"\vec{p}_{\mathrm{T}}^{\,\mathrm{miss}}",
    "ET Et": r"E_{\mathrm{T}}",
    "met MET etmiss Etmiss ETmiss ETslash": r"E_{\mathrm{T}}^{\mathrm{miss}}",
    "HT": r"H_{\mathrm{T}}",
    "kt kT": r"k_{\mathrm{T}}",
    "antikt antikT": r"\text{anti-}k_t",
    "mT MT": r"m_{\mathrm{T}}",
    "meff": r"m_{\mathrm{eff}}",
    "sqrts rts roots": r"\sqrt{s}",
    "sqrtsnn sqrtsNN sqrtSnn snn": r"\sqrt{s_{\mathrm{NN}}}",
    "lumi lum Lumi instlumi": r"\mathcal{L}",
    "intlumi intLumi": r"\mathcal{L}_{\mathrm{int}}",
    "abseta": r"|\eta|",
    "deltaR DeltaR dR": r"\Delta R",
    "deltaphi DeltaPhi dphi deltaPhi": r"\Delta\phi",
    "deltaeta DeltaEta deta": r"\Delta\eta",
    "chisq chiSquare": r"\chi^{2}",
    "chisqndf": r"\chi^{2}/\mathrm{ndf}",
    "BR BF br": r"\mathcal{B}",
    "CLs": r"\mathrm{CL}_{\mathrm{s}}",
    "alphas alphaS alpS": r"\alpha_{\mathrm{s}}",
    "mumu": r"\mu^{+}\mu^{-}",
    "epem ee": r"e^{+}e^{-}",
    "tautau": r"\tau^{+}\tau^{-}",
    "ellell": r"\ell^{+}\ell^{-}",
    "ttbar": r"t\bar{t}",
    "bbbar": r"b\bar{b}",
    "ccbar": r"c\bar{c}",
    "qqbar": r"q\bar{q}",
    "ppbar": r"p\bar{p}",
    "pp": r"pp",
    "pPb": r"p\text{-Pb}",
    "PbPb": r"\text{Pb-Pb}",
    "jpsi Jpsi JPsi": r"J/\psi",
    "psitwos": r"\psi(2S)",
    "Upsi": r"\Upsilon",
    "Zboson": r"Z",
    "Wboson": r"W",
    "Zee": r"Z \to ee",
    "Zmm Zmumu": r"Z \to \mu\mu",
    "Ztt Ztautau": r"Z \to \tau\tau",
    "Wln Wlnu": r"W \to \ell\nu",
    "Hgg Hyy": r"H \to \gamma\gamma",
    "HZZ": r"H \to ZZ",
    "HWW": r"H \to WW",
    "Hbb": r"H \to b\bar{b}",
    "mH": r"m_{H}",
    "mZ MZ": r"m_{Z}",
    "mW MW": r"m_{W}",
    "mtop": r"m_{t}",
    "mbb": r"m_{bb}",
    "mjj": r"m_{jj}",
    "mll": r"m_{\ell\ell}",
    "Kp": r"K^{+}",
    "Km": r"K^{-}",
    "Kz": r"K^{0}",
    "KS Ks KSz": r"K_{\mathrm{S}}^{0}",
    "KL KLz": r"K_{\mathrm{L}}^{0}",
    "Kstar Kst": r"K^{*}",
    "Kstarz Kstz": r"K^{*0}",
    "pip": r"\pi^{+}",
    "pim": r"\pi^{-}",
    "piz": r"\pi^{0}",
    "mup": r"\mu^{+}",
    "mun mum": r"\mu^{-}",
    "taup": r"\tau^{+}",
    "taum": r"\tau^{-}",
    "Bu Bp": r"B^{+}",
    "Bub Bm": r"B^{-}",
    "Bd Bz": r"B^{0}",
    "Bdb": r"\bar{B}^{0}",
    "Bs": r"B_{s}^{0}",
    "Bsb": r"\bar{B}_{s}^{0}",
    "Bc": r"B_{c}^{+}",
    "Bbar": r"\bar{B}",
    "Dbar": r"\bar{D}",
    "Kbar": r"\bar{K}",
    "Lbar": r"\bar{\Lambda}",
    "Dz": r"D^{0}",
    "Dzb": r"\bar{D}^{0}",
    "Dp": r"D^{+}",
    "Dm": r"D^{-}",
    "Ds Dsp": r"D_{s}^{+}",
    "Dsm": r"D_{s}^{-}",
    "Dstar Dst": r"D^{*}",
    "Dstarp Dstp": r"D^{*+}",
    "Lz": r"\Lambda",
    "Lb": r"\Lambda_{b}^{0}",
    "Lc": r"\Lambda_{c}^{+}",
}
# Names of experiments, machines and programs that stand for themselves, in another spelling than the macro's.
_NAMES = {
    "ALICE": "alice",
    "ATLAS": "atlas",
    "BaBar": "babar",
    "Belle": "belle",
    "Belle II": "belletwo",
    "CDF": "cdf",
    "CERN": "cern",
    "CMS": "cms",
    "LHC": "lhc",
    "LHCb": "lhcb LHCb",
    "LEP": "lep",
    "VELO": "velo",
    "RICH": "rich",
    "ECAL": "ecal",
    "HCAL": "hcal",
    "HLT": "hlt",
    "L0": "lzero",
    "MC": "mc",
    "SM": "sm",
    "CP": "CP",
    "CL": "CL",
    "CPV": "CPV",
    "QCD": "qcd QCD",
    "QED": "qed",
    "PDF": "pdf",
    "BDT": "bdt",
    "NLO": "NLO nlo",
    "NNLO": "NNLO nnlo",
    "LO": "LO",
    "ROOT": "ROOT",
    "Gauss": "gauss",
    "Boole": "boole",
    "Brunel": "brunel",
    "DaVinci": "davinci",
    "Moore": "moore",
    "Gaudi": "gaudi",
    "Athena": "athena Athena",
    "C++": "cpp Cpp CC cplusplus",
}
# Names of programs, which may be followed by a version in brackets.
_PROGRAMS = {
    "Geant4": "geant geantfour GEANTfour geantg4 GEANT Geant Geantfour",
    "PYTHIA": "pythia PYTHIA",
    "PYTHIA 6": "PYTHIASIX pythiasix Pythiasix",
    "PYTHIA 8": "PYTHIAEIGHT pythiaeight Pythiaeight",
    "Pythia": "Pythia",
    "HERWIG": "herwig HERWIG",
    "HERWIG++": "HERWIGpp HERWIGPP",
    "Herwig": "Herwig",
    "Herwig 7": "Herwigseven",
    "POWHEG": "powheg POWHEG",
    "POWHEG BOX": "POWHEGBOX POWHEGBox powhegbox",
    "Powheg": "Powheg",
    "Powheg Box": "PowhegBox",
    "Sherpa": "Sherpa sherpa SHERPA",
    "MadGraph": "MADGRAPH Madgraph madgraph MadGraph",
    "MadGraph5_aMC@NLO": "MGvATNLO MGAMCNLO MGNLO amcatnlo AMCatNLO",
    "EvtGen": "evtgen EVTGEN EvtGen Evtgen",
    "PHOTOS": "photos PHOTOS",
    "TAUOLA": "tauola TAUOLA",
    "FASTJET": "FASTJET",
    "FastJet": "fastjet FastJet Fastjet",
    "FEWZ": "FEWZ",
    "HepMC": "HepMC hepmc HEPMC",
    "LHAPDF": "LHAPDF lhapdf",
    "DELPHES": "DELPHES delphes Delphes",
}
_UNITS = {
    **{name: name for name in "eV keV MeV GeV TeV PeV mm cm km nm ns ps ms Hz kHz MHz GHz kB MB GB TB".split()},
    **{name: name for name in "mrad nb pb fb".split()},
    "GeVc": "GeV/c",
    "gevc": "GeV/c",
    "GeVcc": "GeV/c^2",
    "gevcc": "GeV/c^2",
    "MeVc": "MeV/c",
    "mevc": "MeV/c",
    "MeVcc": "MeV/c^2",
    "mevcc": "MeV/c^2",
    "TeVc": "TeV/c",
    "gev": "GeV",
    "mev": "MeV",
    "kev": "keV",
    "tev": "TeV",
    "ev": "eV",
    "mum": "µm",
    "micron": "µm",
    "mus": "µs",
    "mub": "µb",
    "invfb": "fb^{-1}",
    "fbinv": "fb^{-1}",
    "ifb": "fb^{-1}",
    "invpb": "pb^{-1}",
    "pbinv": "pb^{-1}",
    "ipb": "pb^{-1}",
    "invnb": "nb^{-1}",
    "nbinv": "nb^{-1}",
    "inb": "nb^{-1}",
    "invab": "ab^{-1}",
    "abinv": "ab^{-1}",
    "invmub": "µb^{-1}",
    "mubinv": "µb^{-1}",
    "percms": "cm^{-2}s^{-1}",
}


def _written() -> str:
    """All of it as LaTeX definitions."""
    lines = [_PLAIN_TEX, _MATHEMATICS]
    for names, formula in _QUANTITIES.items():
        lines += [rf"\def\{name}{{\ensuremath{{{formula}}}\xspace}}" for name in names.split()]
    for words, names in _NAMES.items():
        lines += [rf"\def\{name}{{{words}\xspace}}" for name in names.split()]
    for words, names in _PROGRAMS.items():
        name_of = words.replace("_", r"\_")
        lines += [
            rf"\NewDocumentCommand{{\{name}}}{{o}}{{{name_of}\IfValueTF{{#1}}{{ #1}}{{}}\xspace}}"
            for name in names.split()
        ]
    lines += [rf"\def\{name}{{\unitname{{{unit}}}}}" for name, unit in _UNITS.items()]
    return "\n".join(lines)


@cache
def prelude() -> dict[str, Macro]:
    """The macros that are known before a document defines any; not to be changed."""
    reader = Expander(Tree({}, ""), macros={}, expandable=EXPANDABLE)
    reader.expanded(tokenised(_written(), letters_at=True))
    return reader.macros
