from dhsim.assess import assess as assess
from dhsim.assess.types import Scorecard as Scorecard
from dhsim.build import build_case as build_case
from dhsim.build.network import build_network as build_network
from dhsim.control.strategy import Decision as Decision
from dhsim.engine import simulate as simulate
from dhsim.errors import ConvergenceError as ConvergenceError
from dhsim.errors import DhsimError as DhsimError
from dhsim.errors import ScenarioError as ScenarioError
from dhsim.model.case import Case as Case
from dhsim.scenario.load import load_scenario as load_scenario
from dhsim.scenario.load import load_scenarios as load_scenarios
from dhsim.scenario.network_read import load_network as load_network
from dhsim.scenario.schema import Scenario as Scenario
from dhsim.solution import Solution as Solution
from dhsim.study.compare import compare as compare
from dhsim.study.compare import compare_runs as compare_runs
from dhsim.study.network import run_network as run_network
from dhsim.study.network import solve_network as solve_network
from dhsim.study.network_types import NetworkSolution as NetworkSolution
from dhsim.study.run import run as run
from dhsim.study.types import Run as Run

__version__: str
