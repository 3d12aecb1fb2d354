"""Commands that stand for a character, and those that only change how something looks."""

from functools import cache

# Arguments of commands that say nothing to a reader: m in braces, o in brackets, = an assignment. A star is passed
# over.
_IGNORED = {
    "": (
        "tableofcontents titlepage listoffigures listoftables listofalgorithms lstlistoflistings maketitle "
        "centering raggedright raggedleft noindent indent clearpage cleardoublepage newpage smallskip medskip "
        "bigskip vfill hfill vfil hfil dotfill hrulefill null strut onecolumn tiny scriptsize footnotesize small "
        "normalsize large Large Huge bf it rm sf tt sl sc em bfseries mdseries itshape upshape slshape scshape "
        "rmfamily sffamily ttfamily normalfont cal boldmath unboldmath selectfont fussy sloppy flushbottom "
        "raggedbottom printindex makeindex makeglossaries printglossaries phantomsection ignorespaces "
        "ignorespacesafterend unskip allowbreak nobreak break leavevmode normalcolor doublespacing singlespacing "
        "onehalfspacing linenumbers nolinenumbers resetlinenumber balance itemcompact tightlist pause qed qedhere "
        "qedsymbol samepage FloatBarrier ProcessOptions displaystyle textstyle scriptstyle scriptscriptstyle "
        "bigbreak medbreak smallbreak goodbreak filbreak eject nonumber notag nointerlineskip OnehalfSpacing "
        "DoubleSpacing SingleSpacing nouppercaseheads printacronyms indexspace relax newblock BibitemOpen "
        "EndOfBibitem cr crcr hline toprule midrule bottomrule flushleft flushright and columnbreak sansmath "
        "unsansmath nofiles endgraf obeylines obeyspaces frenchspacing nonfrenchspacing nocorr makeLineNumber "
        "appendixpage mciteBstWouldAddEndPunctfalse mciteBstWouldAddEndPuncttrue"
    ),
    "m": (
        "vspace hspace addvspace enlargethispage pagestyle thispagestyle pagenumbering bibliographystyle "
        "graphicspath index glossary sisetup lstset usetikzlibrary tikzset pgfplotsset tdplotsetmaincoords usetheme "
        "usecolortheme usefonttheme useinnertheme useoutertheme setbeamercovered logo titlegraphic setenumerate "
        "setitemize setdescription hyphenation DeclareGraphicsExtensions includeonly thanks needspace phantom "
        "hphantom vphantom chapterstyle settocdepth setparaheadstyle geometry urlstyle usemintedstyle setminted "
        "email emailAdd ead orcid pacs selectlanguage setmainlanguage setotherlanguage setdefaultlanguage noalign "
        "nocite setstretch rowfont bibstyle citestyle setcitestyle linespread shorttitle shortauthors authorrunning "
        "titlerunning journal lstloadlanguages tikzfeynmanset BibitemShut bibAnnoteFile natexlab special typeout "
        "message glsreset glsunset acresetall vadjust mciteSetBstSublistMode pagecolor color columncolor cellcolor "
        "arrayrulecolor SetWatermarkText AtBeginSection AtBeginSubsection shorthandon shorthandoff AtlasJournal "
        "AtlasCoverEgroupAnalysisTeam homepage subjclass IEEEauthorblockA correspondingauthor IEEEpubid PACS "
        "defaultfontfeatures titlehead setmainfont"
    ),
    "mm": (
        "setlength addtolength settowidth settoheight setbeamercolor setbeamerfont setbeamersize "
        "PassOptionsToPackage PassOptionsToClass addtokomafont setkomafont colorlet newfont DeclareUnicodeCharacter "
        "markboth addtocontents renewbibmacro crefname Crefname crefformat creflabelformat crefrangeformat rule "
        "DeclareCaptionLabelFormat addtopsmarks pgfmathsetmacro pgfmathtruncatemacro pgfmathsetlength"
    ),
    "mmm": "definecolor addcontentsline mciteSetBstMidEndSepPunct",
    "mmmm": "titlespacing createmark",
    "mmmmm": "titleformat",
    "om": (
        "captionsetup setlist lstdefinestyle linenumberfont todo missingfigure marginpar pdfbookmark "
        "marginnote cortext fntext tnotetext bibpunct fancyhead fancyfoot lhead chead rhead lfoot cfoot rfoot"
    ),
    "mo": "NeedsTeXFormat ProvidesPackage ProvidesFile ProvidesClass rowcolor",
    "mom": "newcolumntype",
    "omm": "lstdefinelanguage setbeamertemplate",
    "mmmmmmmmm": "newtheoremstyle",
    "o": "allowdisplaybreaks listoftodos pagebreak nopagebreak linebreak nolinebreak",
    "=": (
        "parindent parskip textwidth textheight oddsidemargin evensidemargin topmargin headheight headsep footskip "
        "baselineskip tabcolsep arraycolsep hoffset voffset tolerance emergencystretch hbadness vbadness hangindent "
        "hangafter penalty widowpenalty clubpenalty interfootnotelinepenalty brokenpenalty hsize vsize columnsep "
        "columnwidth marginparwidth leftmargin rightmargin itemsep topsep parsep partopsep fboxsep fboxrule hfuzz "
        "vfuzz arrayrulewidth doublerulesep abovecaptionskip belowcaptionskip floatsep textfloatsep intextsep kern "
        "hskip vskip mkern mskip abovedisplayskip belowdisplayskip jot linewidth paperwidth paperheight multicolsep "
        "advance prehyphenpenalty exhyphenpenalty hyphenpenalty predisplaypenalty postdisplaypenalty "
        "pdfminorversion pdfoutput pdfcompresslevel interdisplaylinepenalty skip dimen count lineskip linenumbersep "
        "showboxdepth overfullrule escapechar endlinechar tabskip cftpartnumwidth cftchapternumwidth "
        "cftsectionindent cftsectionnumwidth belowrulesep aboverulesep footnotesep"
    ),
}
IGNORED = {f"\\{name}": arguments for arguments, names in _IGNORED.items() for name in names.split()}

# Commands whose last argument (C) is text that is read on as if the command were not there.
_TRANSPARENT = {
    "C": (
        "mbox hbox fbox vbox vtop textrm textsf textup textmd textnormal textsc textsl underline uline uuline uwave "
        "sout xout hl so ul st centerline leftline rightline lowercase MakeLowercase uppercase MakeUppercase textlf "
        "caps smash boxed nohyphens text seqsplit bibnamefont bibfnamefont citenamefont pmb shadowbox doublebox "
        "ovalbox cmsTable cmsTableResize IEEEauthorblockN Ovalbox highlight alert structure noopsort textquoted "
        "vcenter urlprefix beamergotobutton beamerbutton beamerskipbutton beamerreturnbutton"
    ),
    "omC": "textcolor colorbox",
    "mC": "hyperlink hypertarget textlang adjustbox bibfield bibinfo href@noop xhref foreignlanguage",
    "moC": "scalebox raisebox",
    "mmC": "resizebox",
    "ommC": "fcolorbox",
    "ooC": "makebox framebox",
    "ooomC": "parbox",
    "omC ": "rotatebox",
}
TRANSPARENT = {f"\\{name}": arguments.strip() for arguments, names in _TRANSPARENT.items() for name in names.split()}

# What pylatexenc's table has under another meaning, or is dealt with as a command.
_NOT_SYMBOLS = frozenset("& $ { } # _ backslash".split()) | {"\n", " ", "today", "!", "par"}
_MORE_SYMBOLS = {
    "&": "&",
    "%": "%",
    "#": "#",
    "_": "_",
    "{": "{",
    "}": "}",
    "textbackslash": "\\",
    "backslash": "\\",
    "S": "§",
    "P": "¶",
    "dag": "†",
    "ddag": "‡",
    "copyright": "©",
    "pounds": "£",
    "euro": "€",
    "EUR": "€",
    "texteuro": "€",
    "ldots": "…",
    "dots": "…",
    "textellipsis": "…",
    "checkmark": "✓",
    "cmark": "✓",
    "xmark": "✗",
    "textmu": "µ",
    "textquotesingle": "'",
    "textquotedbl": '"',
    "textasciigrave": "\\`",
    "textasciicircum": "^",
    "textasciitilde": "~",
    "textbar": "|",
    "textbardbl": "‖",
    "guillemotleft": "«",
    "guillemotright": "»",
    "og": "« ",
    "fg": " »",
    "glqq": "„",
    "grqq": "“",
    "textperiodcentered": "·",
    "textcelsius": "°C",
    "celsius": "°C",
    "degree": "°",
    "textdegree": "°",
    "degrees": "°",
    "textnumero": "No.",
    "No": "No.",
    "no": "no.",
    "nobreakspace": " ",
    "space": " ",
    "quad": " ",
    "qquad": " ",
    "enspace": " ",
    "enskip": " ",
    "thinspace": " ",
    ",": " ",
    ";": " ",
    ":": " ",
    " ": " ",
    ">": " ",
    "!": "",
    "/": "",
    "-": "",
    "@": "",
    "*": "",
    "+": "",
    "textregistered": "®",
    "texttrademark": "™",
    "textbullet": "•",
    "textopenbullet": "◦",
    "ccLogo": "",
    "ccAttribution": "",
}
ACCENTS = frozenset(f"\\{name}" for name in "' ` ^ \" ~ = . u v H t c d b r k".split())


@cache
def symbols() -> dict[str, str]:
    """What each command that stands for characters is in text."""
    from pylatexenc.latex2text import get_default_latex_context_db

    found: dict[str, str] = {}
    for spec in get_default_latex_context_db().iter_macro_specs():
        shown = spec.simplify_repl
        if isinstance(shown, str) and len(shown) == 1 and spec.macroname not in _NOT_SYMBOLS and not shown.isspace():
            found[f"\\{spec.macroname}"] = shown
    return {**found, **{f"\\{name}": shown for name, shown in _MORE_SYMBOLS.items()}}


@cache
def accented(name: str, base: str) -> str:
    """A letter with the accent of a command on it.

    >>> accented("\\\\'", "e"), accented("\\\\v", "c"), accented("\\\\c", "c")
    ('é', 'č', 'ç')
    """
    from pylatexenc.latex2text import LatexNodes2Text

    if not base.isalpha():
        return base
    return str(LatexNodes2Text().latex_to_text(f"{name}{{{base}}}"))
