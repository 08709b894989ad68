"""What is installed on Kubernetes, checked in the files themselves; rendered as well where kubectl is at hand."""

import re
import shutil
import subprocess
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from sqlalchemy import make_url

from deploy.k8s.generate_topics import OUTPUT, SERVICES, topics
from shared.settings import Settings, migration_url

ROOT = Path(__file__).resolve().parents[2]
K8S = ROOT / "deploy" / "k8s"
PARTS = K8S / "base" / "service"
DEV = K8S / "overlays" / "dev"

LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
Manifest = dict[str, Any]


def manifests(file: Path) -> list[Manifest]:
    return list(yaml.load_all(file.read_text(), LOADER))


def every_service_has(kind: str) -> list[Manifest]:
    return [part for file in sorted(PARTS.glob("*.yaml")) for part in manifests(file) if part["kind"] == kind]


def kustomizations() -> Iterator[tuple[Path, Manifest]]:
    for file in sorted(K8S.rglob("kustomization.yaml")):
        yield file.parent, manifests(file)[0]


def kustomization(folder: Path) -> Manifest:
    return manifests(folder / "kustomization.yaml")[0]


def pod(workload: Manifest) -> Manifest:
    spec: Manifest = workload["spec"]["template"]["spec"]
    return spec


def container(workload: Manifest) -> Manifest:
    (only,) = pod(workload)["containers"]
    assert isinstance(only, dict)
    return only


def labels(workload: Manifest) -> Manifest:
    found: Manifest = workload["spec"]["template"]["metadata"]["labels"]
    return found


def settings() -> dict[str, str]:
    """What the ConfigMap `settings` holds in the development overlay."""
    (generated,) = kustomization(PARTS)["configMapGenerator"]
    literals = dict(literal.split("=", 1) for literal in generated["literals"])
    return {**literals, **manifests(DEV / "settings.yaml")[0]["data"]}


def environment(workload: Manifest, service: str) -> dict[str, str]:
    """What a container of this service is told, were every secret the word "secret"."""
    told = settings() if "envFrom" in container(workload) else {}
    for variable in container(workload)["env"]:
        origin = variable.get("valueFrom", {})
        value = service if "fieldRef" in origin else "secret" if "secretKeyRef" in origin else variable["value"]
        told[variable["name"]] = re.sub(r"\$\((\w+)\)", lambda name: told[name[1]], value)
    return told


def uvicorn_option(name: str) -> str:
    """An option of the web process, as the image starts it."""
    found = re.search(rf"{name} (\S+?)[ \"]", (ROOT / "Dockerfile").read_text())
    assert found
    return found[1]


DEPLOYMENTS = every_service_has("Deployment")
WORKLOADS = DEPLOYMENTS + every_service_has("Job")
a_deployment = pytest.mark.parametrize("deployment", DEPLOYMENTS, ids=lambda part: part["metadata"]["name"])
a_workload = pytest.mark.parametrize("workload", WORKLOADS, ids=lambda part: part["metadata"]["name"])
a_service = pytest.mark.parametrize("service", SERVICES)


def test_there_is_a_web_and_a_worker_deployment_and_a_migration() -> None:
    assert [part["metadata"]["labels"]["app.kubernetes.io/component"] for part in WORKLOADS] == [
        "web",
        "worker",
        "migration",
    ]


def test_every_service_of_the_project_is_installed() -> None:
    written = {file.parent.name for file in (ROOT / "services").glob("*/service.py")}
    assert set(SERVICES) == written
    assert {*SERVICES, "kafka", "namespaces.yaml"} == set(kustomization(K8S / "base")["resources"])


def test_every_file_belongs_to_a_kustomization_and_every_file_named_exists() -> None:
    named = set()
    for folder, content in kustomizations():
        patches = [patch["path"] for patch in content.get("patches", []) if "path" in patch]
        named |= {(folder / path).resolve() for path in [*content["resources"], *patches]}
    assert [path for path in named if not path.exists()] == []
    files = {path for path in K8S.rglob("*.yaml") if path.name != "kustomization.yaml"}
    assert files == {path for path in named if path.is_file()}


def test_the_topics_are_those_of_the_reference_data() -> None:
    assert OUTPUT.read_text() == topics(), "run `python -m deploy.k8s.generate_topics`"
    names = [topic["metadata"]["name"] for topic in manifests(OUTPUT) if topic]
    assert len(names) == len(set(names)) == 4 * 39 + 1
    assert {"blanko.00.stock", "blanko.17.stock", "blanko.96.notify", "blanko.watermarks"} <= set(names)


@a_workload
def test_a_pod_may_do_nothing_but_its_work(workload: Manifest) -> None:
    spec, only = pod(workload), container(workload)
    assert spec["automountServiceAccountToken"] is False
    assert spec["enableServiceLinks"] is False
    assert spec["securityContext"]["runAsNonRoot"] is True
    assert spec["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    assert only["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }
    (tmp,) = (mount["name"] for mount in only["volumeMounts"] if mount["mountPath"] == "/tmp")
    assert all(mount.get("readOnly") for mount in only["volumeMounts"] if mount["name"] != tmp)
    assert "emptyDir" in next(volume for volume in spec["volumes"] if volume["name"] == tmp)


@a_workload
def test_memory_is_limited_and_the_processor_is_not(workload: Manifest) -> None:
    resources = container(workload)["resources"]
    assert resources["requests"].keys() == {"cpu", "memory"}
    assert resources["limits"].keys() == {"memory"}


@a_workload
def test_a_certificate_authority_is_mounted_without_its_key(workload: Manifest) -> None:
    (authority,) = (volume["secret"] for volume in pod(workload)["volumes"] if "secret" in volume)
    assert authority == {"secretName": "db-ca", "items": [{"key": "ca.crt", "path": "ca.crt"}]}


@a_deployment
def test_probes_ask_the_port_that_the_program_listens_on(deployment: Manifest) -> None:
    (port,) = container(deployment)["ports"]
    listens_on = {"web": uvicorn_option("--port"), "worker": settings()["WORKER_PORT"]}
    assert port["containerPort"] == int(listens_on[container(deployment)["name"]])
    paths = {}
    for probe in ("startupProbe", "readinessProbe", "livenessProbe"):
        asked = container(deployment)[probe]["httpGet"]
        assert asked["port"] == port["name"]
        paths[probe] = asked["path"]
    # Restarting a program brings no database back: only readiness asks for it.
    assert paths == {
        "startupProbe": "/health/live",
        "readinessProbe": "/health/ready",
        "livenessProbe": "/health/live",
    }


@a_deployment
def test_a_rollout_or_a_drain_leaves_somebody_at_work(deployment: Manifest) -> None:
    assert deployment["spec"]["replicas"] == 2
    assert deployment["spec"]["strategy"]["rollingUpdate"] == {"maxSurge": 1, "maxUnavailable": 0}
    assert [rule["topologyKey"] for rule in pod(deployment)["topologySpreadConstraints"]] == [
        "topology.kubernetes.io/zone",
        "kubernetes.io/hostname",
    ]
    budgets = [budget["spec"] for budget in every_service_has("PodDisruptionBudget")]
    (budget,) = (spec for spec in budgets if spec["selector"] == deployment["spec"]["selector"])
    assert budget["maxUnavailable"] == 1


def test_a_stopping_web_process_has_time_to_finish_what_is_under_way() -> None:
    (web,) = (part for part in DEPLOYMENTS if part["metadata"]["name"] == "web")
    requests_still_come = container(web)["lifecycle"]["preStop"]["sleep"]["seconds"]
    finishing = int(uvicorn_option("--timeout-graceful-shutdown"))
    assert requests_still_come + finishing < pod(web)["terminationGracePeriodSeconds"]


@a_deployment
def test_selectors_select_this_deployment_alone(deployment: Manifest) -> None:
    selector = deployment["spec"]["selector"]["matchLabels"]
    selected = [part["metadata"]["labels"] for part in WORKLOADS if selector.items() <= labels(part).items()]
    assert selected == [deployment["metadata"]["labels"]]
    for rule in pod(deployment)["topologySpreadConstraints"]:
        assert rule["labelSelector"]["matchLabels"] == selector


def test_the_service_leads_to_the_web_pods() -> None:
    (web,) = (part for part in DEPLOYMENTS if part["metadata"]["name"] == "web")
    (service,) = every_service_has("Service")
    assert service["spec"]["selector"] == web["spec"]["selector"]["matchLabels"]
    assert service["spec"]["ports"][0]["targetPort"] == container(web)["ports"][0]["name"]


@a_deployment
@a_service
def test_a_program_is_told_all_that_it_must_know(
    deployment: Manifest, service: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in environment(deployment, service).items():
        monkeypatch.setenv(name, value)
    told = Settings()
    url = make_url(told.database_url)
    assert (url.drivername, url.username, url.database) == ("postgresql+asyncpg", service, service)
    assert told.worker_host == "0.0.0.0"
    assert told.kafka_bootstrap_servers == "blanko-kafka-bootstrap.blanko-kafka.svc:9092"


@a_service
def test_the_programs_that_pods_start_are_in_the_image(service: str) -> None:
    _, worker, migration = WORKLOADS
    assert container(worker)["command"] == ["python", "-m", "services.$(SERVICE).worker"]
    assert container(migration)["command"] == ["python", "-m", "shared.migrate", "$(SERVICE)"]
    assert "uvicorn services.$SERVICE.main:app" in (ROOT / "Dockerfile").read_text()
    programs = ("main.py", "worker.py", "migrations/env.py")
    assert [name for name in programs if not (ROOT / "services" / service / name).exists()] == []


@a_service
def test_only_the_migration_holds_the_owners_password(service: str, monkeypatch: pytest.MonkeyPatch) -> None:
    (migration,) = every_service_has("Job")
    for name, value in environment(migration, service).items():
        monkeypatch.setenv(name, value)
    owner = make_url(migration_url())
    assert (owner.drivername, owner.username, owner.database) == ("postgresql+asyncpg", f"{service}_owner", service)
    secrets = {part["metadata"]["name"]: str(container(part)["env"]) for part in DEPLOYMENTS}
    assert all("db-login" in text and "db-app" not in text for text in secrets.values())


@a_service
def test_a_service_has_its_own_namespace_image_and_database(service: str) -> None:
    content = kustomization(K8S / "base" / service)
    namespaces = {part["metadata"]["name"]: part for part in manifests(K8S / "base" / "namespaces.yaml")}
    assert content["namespace"] == f"blanko-{service}"
    level = namespaces[f"blanko-{service}"]["metadata"]["labels"]["pod-security.kubernetes.io/enforce"]
    assert level == "restricted"
    assert content["labels"] == [{"pairs": {"app.kubernetes.io/name": service}, "includeTemplates": True}]
    assert [image["newName"] for image in content["images"]] == [f"blanko/{service}"]
    (database,) = manifests(K8S / "base" / service / "database.yaml")
    assert database["spec"]["bootstrap"]["initdb"] == {"database": service, "owner": f"{service}_owner"}
    assert [role["name"] for role in database["spec"]["managed"]["roles"]] == [service]


def test_images_and_the_migration_are_of_the_projects_version() -> None:
    version = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    tags = {image["newTag"] for service in SERVICES for image in kustomization(K8S / "base" / service)["images"]}
    assert tags == {version}
    (migration,) = every_service_has("Job")
    assert migration["metadata"]["name"] == f"migrate-{version.replace('.', '-')}"
    tags = {image["newTag"] for image in kustomization(DEV)["images"]}
    assert tags == {"dev"}


def test_no_secret_is_kept_in_the_project() -> None:
    kinds = {part["kind"] for file in K8S.rglob("*.yaml") for part in manifests(file) if part and "kind" in part}
    assert "Secret" not in kinds


def test_a_fact_is_on_two_brokers_and_two_databases_before_it_counts() -> None:
    kafka, brokers = manifests(K8S / "base" / "kafka" / "kafka.yaml")
    config = kafka["spec"]["kafka"]["config"]
    assert brokers["spec"]["replicas"] == config["default.replication.factor"] == 3
    assert config["min.insync.replicas"] == 2
    assert config["auto.create.topics.enable"] is False
    (database,) = every_service_has("Cluster")
    assert database["spec"]["instances"] == 3
    assert database["spec"]["postgresql"]["synchronous"]["dataDurability"] == "required"


def test_nobody_but_workers_reaches_kafka() -> None:
    kafka, _ = manifests(K8S / "base" / "kafka" / "kafka.yaml")
    for listener in kafka["spec"]["kafka"]["listeners"]:
        (peer,) = listener["networkPolicyPeers"]
        assert listener["type"] == "internal"
        assert peer["podSelector"]["matchLabels"] == {"app.kubernetes.io/component": "worker"}


def test_out_into_the_world_goes_notifys_worker_alone() -> None:
    ports = {
        (file.parent.name, part["spec"]["podSelector"]["matchLabels"]["app.kubernetes.io/component"], port["port"])
        for file in K8S.rglob("network.yaml")
        for part in manifests(file)
        for rule in part["spec"].get("egress", [])
        if "to" not in rule
        for port in rule["ports"]
    }
    assert ports == {("notify", "worker", port) for port in (443, 465, 587)}


def test_an_image_holds_one_service_and_runs_as_the_user_of_its_pods() -> None:
    dockerfile = (ROOT / "Dockerfile").read_text()
    copied = re.findall(r"^COPY (\S+)", dockerfile, re.MULTILINE)
    assert copied == ["requirements.lock", "shared/", "services/__init__.py", "services/${SERVICE}/"]
    assert "--require-hashes --only-binary :all: --no-deps" in dockerfile
    users = {pod(workload)["securityContext"]["runAsUser"] for workload in WORKLOADS}
    assert re.findall(r"^USER (\d+):\d+$", dockerfile, re.MULTILINE) == [str(user) for user in users]


@pytest.mark.skipif(shutil.which("kubectl") is None, reason="kubectl is not installed")
@pytest.mark.parametrize(("folder", "tag", "replicas"), [("base", "0.1.0", 2), ("overlays/dev", "dev", 1)])
def test_kubectl_renders_four_whole_services(folder: str, tag: str, replicas: int) -> None:
    command = ["kubectl", "kustomize", str(K8S / folder)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    rendered = list(yaml.load_all(done.stdout, LOADER))
    for service in SERVICES:
        mine = [part for part in rendered if part["metadata"].get("namespace") == f"blanko-{service}"]
        workloads = [part for part in mine if part["kind"] in ("Deployment", "Job")]
        assert [container(part)["image"] for part in workloads] == 3 * [f"blanko/{service}:{tag}"]
        assert {labels(part)["app.kubernetes.io/name"] for part in workloads} == {service}
        assert [part["spec"]["replicas"] for part in mine if part["kind"] == "Deployment"] == 2 * [replicas]
        (config,) = (part["metadata"]["name"] for part in mine if part["kind"] == "ConfigMap")
        told = [container(part)["envFrom"] for part in workloads if part["kind"] == "Deployment"]
        settings, channels = {"configMapRef": {"name": config}}, {"secretRef": {"name": "channels", "optional": True}}
        # Without mail there is the inbox; without the key to the keys of birth months there is no outreach.
        sealing = {"secretRef": {"name": "sealing"}}
        secrets: dict[str, tuple[list[Any], list[Any]]] = {
            "notify": ([], [channels]),
            "outreach": ([sealing], [sealing]),
        }
        web, worker = secrets.get(service, ([], []))
        assert told == [[settings, *web], [settings, *worker]]
        (migration,) = (part["metadata"]["name"] for part in mine if part["kind"] == "Job")
        assert migration == f"migrate-{tag.replace('.', '-')}"
        (database,) = (part["spec"] for part in mine if part["kind"] == "Cluster")
        assert database["bootstrap"]["initdb"]["owner"] == f"{service}_owner"
