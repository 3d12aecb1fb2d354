"""Words that look like names of people and are none, or are names that must stand: physics, ordinary words, roles."""

import re
import unicodedata

_LETTERS = str.maketrans({"ø": "o", "ł": "l", "ß": "ss", "đ": "d", "ð": "d", "þ": "th", "æ": "ae", "œ": "oe", "ı": "i"})


def folded(word: str) -> str:
    """A word in lower case, without accents.

    >>> folded("Łukasz"), folded("Jørgensen"), folded("Müller")
    ('lukasz', 'jorgensen', 'muller')
    """
    if word.isascii():
        return word.lower()
    plain = unicodedata.normalize("NFKD", word.casefold().translate(_LETTERS))
    return "".join(each for each in plain if not unicodedata.combining(each))


def _set(words: str) -> frozenset[str]:
    return frozenset(folded(word) for word in words.split())


#: People after whom things are called in physics, mathematics and computing; alone they are never replaced.
PHYSICS = _set(
    "Abel Alfvén Altarelli Ampère Anderson Armenteros Auger Avogadro Banach Barlow Baum Bayes Becquerel Bell "
    "Bernoulli Bessel Bethe Bhabha Bianchi Bjorken Bloch Bohr Boltzmann Borel Born Bose Bragg Breit Breuer Brillouin "
    "Brout Brown Cabibbo Carlo Carnot Casimir Cauchy Chandrasekhar Chebyshev Cherenkov Cerenkov Čerenkov Christoffel "
    "Cholesky Clebsch Collins Compton Cooper Coulomb Cowan Crouch Curie Dalitz Dalton Davies Davisson Debye Dijkstra "
    "Dirac Dokshitzer Doppler Drell Dyson Eddington Ehrenfest Einstein Ellis Englert Euler Faraday Feldman Fermi "
    "Feynman Fibonacci Fierz Fisher Fock Fokker Foldy Fourier Fox Frascati Fraunhofer Fresnel Friedmann Froissart "
    "Galilei Galois Gamow Gargamelle Gauss Geiger Gell-Mann Gibbs Ginzburg Glashow Glauber Goldstone Gordan Gordon "
    "Gounaris Gramm Grassmann Green Gribov Guralnik Hagen Hall Hamilton Hamming Hankel Hausdorff Hawking Heaviside "
    "Heisenberg Helmholtz Hermite Hertz Hessian Hesse Higgs Hilbert Hoffman Hooke Hough Hubble Huffman Jackson Jacobi "
    "Jacobian Jacob Josephson Joule Kaluza Kalman Kalman-Bucy Karplus Kelvin Kepler Kerr Kibble Klein Klein-Gordon "
    "Kobayashi Kolmogorov Kramers Kronecker Kruskal Lagrange Laguerre Lamb Landau Langevin Laplace Larmor Lebesgue "
    "Legendre Lévy Levi-Civita Lie Lipatov Liouville Lipschitz Lorentz Lorenz Lyapunov Mach Majorana Mandelstam "
    "Mandelbrot Marquardt Maskawa Maxwell Meissner Mellin Mersenne Michel Michelson Mie Minkowski Moliere Molière "
    "Monte Mössbauer Moyal Nakagawa Nambu Navier Neumann Neyman Newton Noether Nyquist Ohm Onsager Oppenheimer Paley "
    "Parisi Parseval Pascal Paschen Pauli Peccei Pearson Penrose Planck Podolanski Poincaré Poisson Pomeranchuk "
    "Pontecorvo Poynting Proca Quinn Racah Raman Randall Rarita Rayleigh Regge Reynolds Ricci Riemann Rosenbluth "
    "Röntgen Runge Kutta Rutherford Rydberg Sachs Sakata Sakharov Sakurai Salam Schottky Schrödinger Schwarz "
    "Schwarzschild Schwinger Seebeck Shannon Sievert Sjöstrand Smirnov Sobolev Sommerfeld Stefan Stern Gerlach "
    "Sternheimer Stirling Stokes Student Sudakov Sundrum Taylor Tesla Tevatron Thomson Tikhonov Townsend Tukey Turing "
    "Vavilov Vogt Volt Voigt Volta Waals Ward Watt Weber Weierstrass Weinberg Weisskopf Weizsäcker Weyl Wick Wiener "
    "Wigner Wilson Wolfenstein Wronskian Yan Yang Young Yukawa Zeeman Zernike Zeno"
)

#: Words of speech, months, programs and projects that are names of people too; alone they are rarely meant as such.
ORDINARY = _set(
    "Ada Alice Alma Amber Amen An Angel April Arch Art Ash Asked Athena Atlas August Autumn Babar Bailey Baker Ball "
    "Banks Barn Basil Bay Beach Bean Bear Beck Belle Berry Best Bill Bird Bishop Black Block Blue Bond Book Boss "
    "Branch Brand Bridge Bright Brook Brooks Brown Buck Burn Bush Butler Button Can Carpenter Carter Case Cash Castle "
    "Chan Chance Chase Chip Christian Church City Clay Cliff Cloud Coal Cole Cook Core Corn Court Craft Crane Cross "
    "Crystal Curry Daisy Dale Dam Dan Data Dawn Day Dean Deep Delphi Dick Do Dot Down Drake Drew Duke Early Earth "
    "East Eden Else Eve Ever Faith Fan Farmer Feather Fei Fernando Field Fields Finn Fire Fisher Flint Flora Florence "
    "Flower Flowers Ford Forest Forth Foster Fox Frank Free French Frost Gage Gaia Gates Gene German Gill Ginger "
    "Given Glass Gold Good Grace Grant Gray Green Grey Grid Grove Guy Hale Hall Ham Hand Hardy Harry Hart Hawk Hazel "
    "He Head Heart Heath Heather Helix Herb Her Hermes Hill Him Holder Holly Holm Hood Hope House How Hunt Hunter Ice "
    "In Iris Is Isabelle Iron Ivy Jack Jade Jan Jasper Jean Jersey Jet Jewel Job Jordan Josh Joy Judge Jules Julia "
    "July June Jupiter Just Kay Key Keen Kid Kin King Kit Knight Lake Lamb Land Lane Large Lark Law Lay Le Leaf Lee "
    "Les Let Li Lily Linden Little Lock London Long Lot Lots Love Low Ma Magnet Major Man Many Mar March Marina Mark "
    "Marks Marsh Marshal Mason Mat Max May Mercury Mercy Miles Mill Miller Min Minor Mint Mo Mon Monday Montana Moon "
    "More Moss Most Mount My Neat Need New Nice Nick No Noble Norm North Note Oak Olive On Or Or Page Pan Paris Park "
    "Parks Pat Patience Peace Pearl Penny Pepper Piper Plum Poole Pope Porter Post Power Powers Price Prince Proud "
    "Python Rain Ram Ray Raven Read Red Reed Rice Rich Rick Ridge Ring River Rivers Rob Robin Rock Roman Root Rose "
    "Ross Rowan Ruby Rush Rust Sage Sand Sandy Sang Santa Sat Savage Scala Sea See Seed Self Shaw She Sharp Ship "
    "Short Silver Singer Sky Small Smart Snow So Son Song South Sparks Speed Spring Star Steel Stella Stone Stream "
    "Street Strong Sue Summer Summers Sun Sunday Sunny Swan Swift Tan Tate Taylor Ted Temple Tesla Than The Then They "
    "Thor Tiger Tim Time To Todd Town True Tucker Turner Van Vector Vera Victor Violet Violin Virginia Wade Walker "
    "Wall War Ward Waters Watt Way We Weaver Webb Wells West Wheeler White Who Wild Will Wills Win Winter Winters "
    "Wise Wolf Wolfram Wood Woods Word Work Worth Wright Yes You Young Zen Argus Bender Boole Brunel Cassandra Cleo "
    "Dirac Dorothy Erasmus Ganga Garfield Gaudi Gerrit Haskell Hudson Jasmine Jenkins Kafka Lua Marlin Maven Miranda "
    "Moore Orwell Panda Panoptes Phenix Pluto Rucio Selenium Sherpa Travis Zeus"
)

#: What people greet that is nobody in particular.
EVERYBODY = _set(
    "admin admins administrator all authors board coaches colleague colleagues collaborators committee conveners "
    "convenors coordinators developer developers doctor dr editors engineers everybody everyone experts fellow folk "
    "folks friend friends group gentlemen guys head helpdesk herr frau hi host hosts ladies list lists madam madame "
    "maintainer maintainers managers members mr mrs ms mx operators organisers organizers people prof professor "
    "readers root shifters sir speakers support team teams there to trigger user users very world you helix for in "
    "and again a the so your this that very dear hello damen herren kollegen alle alles tous toutes tutti todos leute "
    "zusammen miteinander both"
)

#: Words in names of accounts that are no person's.
ROLES = _set(
    "admin administrator announce bot builds bugzilla collaboration computing contact coordination daemon desk "
    "developers devel editor editors enquiries experiment forum github gitlab group helpdesk help hotline info "
    "infrastructure jenkins jira list lists mail mailer mailman mailing manager managers news newsletter noreply "
    "notification notifications office operations owner postmaster project registration request robot root savannah "
    "secretariat service services software staff subscriber support system team ticket tickets trac user users via "
    "webmaster wiki workshop"
)

#: What a thing is called that is called after somebody.
EPONYM_NOUNS = (
    "algorithm amplitude ansatz approximation band basis boson bremsstrahlung bound boundary chain coefficient "
    "coefficients condition conditions constant correction corrections cone coordinates correlation coupling "
    "criterion criteria cross-section curve decay density diagram diagrams dipole dispersion distribution effect "
    "energy equation equations expansion exponent factor factors field fields filter filters fluctuations force "
    "formalism formula frame function functions gauge graph group identity identities inequality integral integration "
    "invariant kernel kinematics law laws length limit mass masses matrix mechanism mean method metric mixing mode "
    "model models momentum motion noise number numbers operator oscillations parameter parameters parametrisation "
    "parametrization particle peak phase plot pole polynomial polynomials potential principle process processes "
    "production propagator radiation radius recursion relation representation resonance ring rotation rule rules "
    "scattering sampler sampling scheme sequence series shift smoother space spectrum spinor statistic statistics sum "
    "symmetry temperature tensor term test theorem theory transform transformation transition tree variable variables "
    "vector wave width zeros"
).split()

#: Names of several words, or with hyphens, that are never anybody.
PHRASES = re.compile(
    r"\bmonte[\s-]+carlos?\b|\bvan der (?:waals|meer scans?|graaff?)|\bde (?:broglie|sitter)\b|\blos alamos\b"
    r"|\bsan diego\b|\bgran sasso\b|\bbreit[\s–-]+wigner\b|\bdrell[\s–-]+yan\b"
    r"|\bsanta (?:barbara|cruz|fe)\b|\bden haag\b",
    re.IGNORECASE,
)

#: What stands in a name between the given name and the surname, or before either.
PARTICLES = _set(
    "van von der den de del della di da das dos du la le ten ter zu zur af av al el bin ibn y e st ben op 't"
)
#: What stands before or after a name and is none of it.
TITLES = _set(
    "dr prof professor mr mrs ms miss sir herr frau mme mlle madame monsieur signor signora sig dott dipl ing phd msc "
    "bsc jr sr ii iii iv md esq ph.d"
)
