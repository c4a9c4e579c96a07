# SPDX-License-Identifier: GPL-2.0-or-later
"""packaging/kubernetes, rendered by kubectl's kustomize and by helm. No API server is asked: what Kubernetes' types say,
not what admission would."""

import copy
import json
import re
import shutil
import subprocess
import tarfile

import pytest
import yaml

from orchestration import Tools
from recipe import blocks

RULES = ("thresholds", "rules", "alerts")
OVERLAYS = {
    "base": ("RuntimeDefault", True),
    "overlays/counters": ("RuntimeDefault", False),
    "overlays/cri-o": ("Localhost", True),
    "overlays/prometheus-operator": ("RuntimeDefault", True),
    "overlays/tls": ("RuntimeDefault", True),
}
ANEW = "packaging/kubernetes/prometheus-rule --write"
EVERYTHING = ["--set=podMonitor.enabled=true", "--set=prometheusRule.enabled=true"]
TLS = "--set=tls.secretName=netdrop-exporter-tls"
# Right, and wrong, of a manifest's text: each is refused.
MISTAKES = {
    '"hostNetwork": true': '"hostNetwork": "yes"',
    '"readOnlyRootFilesystem"': '"readonlyRootFilesystem"',
    '"podMetricsEndpoints"': '"podMetricEndpoints"',
    '"maxSurge"': '"maxSurges"',
    '"groups"': '"group"',
    '"globalDefault": false': '"globalDefault": 0',
    '"app.kubernetes.io/name": "netdrop-exporter"': '"app.kubernetes.io/name": ["netdrop-exporter"]',
}


@pytest.fixture(scope="module")
def tools(tmp_path_factory):
    return Tools(tmp_path_factory.mktemp("kubernetes"))


@pytest.fixture(scope="module")
def directory(tree):
    return tree / "packaging/kubernetes"


@pytest.fixture(scope="module")
def chart(directory):
    return directory / "helm"


def by_kind(objects):
    found = {each["kind"]: each for each in objects}
    assert len(found) == len(objects)
    return found


def groups(tree, names=RULES):
    """Of the rules' files, as Prometheus reads them."""
    files = [yaml.safe_load((tree / f"packaging/prometheus/netdrop.{name}.yml").read_text()) for name in names]
    return [group for file in files for group in file["groups"]]


def pod_of(objects):
    return by_kind(objects)["DaemonSet"]["spec"]["template"]["spec"]


@pytest.fixture(scope="module")
def rendered(tools, directory):
    """{name of what is applied: its objects}"""
    return {name: tools.objects("kubectl", "kustomize", directory / name) for name in OVERLAYS}


def test_types(tools, rendered, chart):
    """The compiler has nothing to say of what comes of all, and something of each copy with a mistake."""
    made = {**rendered, "helm": tools.objects("helm", "template", "name", chart, *EVERYTHING)}
    made["helm-tls"] = tools.objects("helm", "template", "name", chart, *EVERYTHING, TLS)
    objects = {
        f"right-{name.replace('/', '-')}-{i}": each for name, found in made.items() for i, each in enumerate(found)
    }
    for i, (right, wrong) in enumerate(MISTAKES.items()):
        texts = [json.dumps(each) for each in made["overlays/prometheus-operator"]]
        with_mistake = [text.replace(right, wrong, 1) for text in texts if right in text]
        assert with_mistake, right
        objects[f"wrong-{i}"] = json.loads(with_mistake[0])
    said = tools.complaints(objects)
    assert set(said) == {name for name in objects if name.startswith("wrong")}, said


@pytest.mark.parametrize("name", OVERLAYS, ids=lambda name: name.split("/")[-1])
def test_what_is_applied(rendered, name):
    """Its parts name one another, the namespace allows what the pod needs, and the pod asks for no more than it says."""
    profile, sites = OVERLAYS[name]
    objects = rendered[name]
    kinds = by_kind(objects)
    namespace = kinds["Namespace"]["metadata"]
    assert namespace["labels"]["pod-security.kubernetes.io/enforce"] == "privileged"
    assert {each["metadata"].get("namespace", namespace["name"]) for each in objects} == {namespace["name"]}
    spec = kinds["DaemonSet"]["spec"]
    assert spec["updateStrategy"]["rollingUpdate"]["maxUnavailable"] == "10%"
    pod = pod_of(objects)
    assert pod["priorityClassName"] == kinds["PriorityClass"]["metadata"]["name"]
    assert pod["volumes"][0]["configMap"]["name"] == kinds["ConfigMap"]["metadata"]["name"]
    assert pod["tolerations"] == [{"operator": "Exists"}] and pod["hostNetwork"] is True
    (container,) = pod["containers"]
    context = container["securityContext"]
    assert context["seccompProfile"]["type"] == profile
    assert context["capabilities"].get("add", []) == (["BPF", "PERFMON"] if sites else [])
    assert (context["runAsUser"] == 0) is sites and context.get("runAsNonRoot", False) is not sites
    monitor = json.loads(kinds["ConfigMap"]["data"]["config.json"])["collectors"]["drop_monitor"]
    assert monitor["enabled"] is sites


def test_the_profile_is_named_as_it_is_shipped(tree, rendered):
    (container,) = pod_of(rendered["overlays/cri-o"])["containers"]
    name = container["securityContext"]["seccompProfile"]["localhostProfile"]
    assert (tree / "packaging/seccomp" / name).exists()


def test_an_overlay_of_your_own(tools, directory, tmp_path):
    """As docs/kubernetes.md has it."""
    (tmp_path / "netdrop").symlink_to(directory)
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine/kustomization.yaml").write_text(blocks("kubernetes")["overlay"])
    (tmp_path / "mine/config.json").write_text('{"collectors": {"link": {"interval": "3s"}}}')
    objects = tools.objects("kubectl", "kustomize", tmp_path / "mine")
    kinds = by_kind(objects)
    assert json.loads(kinds["ConfigMap"]["data"]["config.json"]) == {"collectors": {"link": {"interval": "3s"}}}
    assert pod_of(objects)["volumes"][0]["configMap"]["name"] == kinds["ConfigMap"]["metadata"]["name"]
    (container,) = pod_of(objects)["containers"]
    assert container["image"] == "registry.example.org/netdrop-exporter:0.1.0"
    assert container["securityContext"]["seccompProfile"]["type"] == "Localhost"
    assert {"PodMonitor", "PrometheusRule"} <= set(kinds)


def test_scraped_by_one_way(rendered):
    """By the monitor or by its annotations: both would count it twice. The monitor selects the pods."""
    kinds = by_kind(rendered["overlays/prometheus-operator"])
    template = kinds["DaemonSet"]["spec"]["template"]
    assert not [key for key in template["metadata"]["annotations"] if key.startswith("prometheus.io/")]
    selector = kinds["PodMonitor"]["spec"]["selector"]["matchLabels"]
    assert selector.items() <= template["metadata"]["labels"].items()
    (endpoint,) = kinds["PodMonitor"]["spec"]["podMetricsEndpoints"]
    (port,) = template["spec"]["containers"][0]["ports"]
    assert endpoint["port"] == port["name"]
    annotations = by_kind(rendered["base"])["DaemonSet"]["spec"]["template"]["metadata"]["annotations"]
    assert annotations["prometheus.io/port"] == str(port["containerPort"])


def test_https_is_asked_for(tools, directory, rendered, chart, tmp_path):
    """By probes, by who goes by the annotations, and by the monitor, which the chart makes alike."""
    template = by_kind(rendered["overlays/tls"])["DaemonSet"]["spec"]["template"]
    assert template["metadata"]["annotations"]["prometheus.io/scheme"] == "https"
    (container,) = template["spec"]["containers"]
    assert {container[probe]["httpGet"]["scheme"] for probe in ("livenessProbe", "readinessProbe")} == {"HTTPS"}
    (tmp_path / "netdrop").symlink_to(directory)
    (tmp_path / "mine").mkdir()
    components = [f"../netdrop/components/{name}" for name in ("prometheus-operator", "counters", "tls")]
    overlay = {"resources": ["../netdrop/base"], "components": components}
    (tmp_path / "mine/kustomization.yaml").write_text(json.dumps(overlay))
    objects = tools.objects("kubectl", "kustomize", tmp_path / "mine")
    with_helm = tools.objects("helm", "template", "name", chart, *EVERYTHING, TLS, "--set=dropSites=false")
    assert without(pod_of(objects)) == without(pod_of(with_helm))
    monitors = [by_kind(found)["PodMonitor"]["spec"]["podMetricsEndpoints"] for found in (objects, with_helm)]
    assert monitors[0] == monitors[1]
    ((endpoint,),) = monitors[:1]
    assert endpoint["scheme"] == "https" and endpoint["tlsConfig"]["serverName"] == "netdrop-exporter"
    assert endpoint["tlsConfig"]["ca"]["secret"] == {"name": "netdrop-exporter-tls", "key": "ca.crt"}


def test_rules_are_made_of_those_of_prometheus(tree, directory):
    """The file is what the script makes now, and holds each rule of the files, and no other. The chart has copies of them,
    for who gets the tree in a form that knows no links."""
    committed = directory / "components/prometheus-operator/prometheusrule.yaml"
    made = prometheus_rule(directory)
    assert made == committed.read_text(), f"make it anew: {ANEW}"
    assert yaml.safe_load(made)["spec"]["groups"] == groups(tree)
    copies = {path.name: path.read_bytes() for path in (directory / "helm/rules").iterdir()}
    names = [f"netdrop.{name}.yml" for name in (*RULES, "counter-alerts")]
    assert copies == {name: (tree / "packaging/prometheus" / name).read_bytes() for name in names}, f"make them anew: {ANEW}"
    assert [path for path in directory.rglob("*") if path.is_symlink()] == []


def prometheus_rule(directory, *arguments):
    command = [directory / "prometheus-rule", *arguments]
    return subprocess.run(command, check=True, capture_output=True, text=True, timeout=60).stdout


def test_rules_are_made_anew(directory, tree, tmp_path):
    """Of other rules: the manifest and each copy. Before, the check names both that are stale."""
    for name in ("kubernetes", "prometheus"):
        shutil.copytree(tree / "packaging" / name, tmp_path / name)
    changed = tmp_path / "prometheus/netdrop.thresholds.yml"
    changed.write_text(changed.read_text().replace("vector(0.1)", "vector(0.25)", 1))
    before = prometheus_rule(directory)
    command = [tmp_path / "kubernetes/prometheus-rule", "--check"]
    stale = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert stale.returncode == 1 and len(stale.stderr.splitlines()) == 2 and changed.name in stale.stderr
    assert prometheus_rule(tmp_path / "kubernetes", "--write") == ""
    assert prometheus_rule(tmp_path / "kubernetes", "--check") == ""
    made = (tmp_path / "kubernetes/components/prometheus-operator/prometheusrule.yaml").read_text()
    assert made == prometheus_rule(tmp_path / "kubernetes") != before
    assert (tmp_path / "kubernetes/helm/rules" / changed.name).read_text() == changed.read_text()


def test_rules_with_a_runbook_of_your_own(directory, tree):
    url = "https://git.example/docs/runbook/"
    made = yaml.safe_load(prometheus_rule(directory, f"--runbook-url={url}"))
    expected = json.dumps(groups(tree)).replace('"runbook_url": "docs/runbook/', f'"runbook_url": "{url}')
    assert made["spec"]["groups"] == json.loads(expected) != groups(tree)


def test_prometheus_takes_them(directory, tmp_path):
    """What the operator hands to Prometheus: the groups as they are."""
    spec = yaml.safe_load((directory / "components/prometheus-operator/prometheusrule.yaml").read_text())["spec"]
    (tmp_path / "rules.yml").write_text(yaml.safe_dump(spec))
    command = ["promtool", "check", "rules", tmp_path / "rules.yml"]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    assert result.returncode == 0 and "SUCCESS" in result.stdout, result.stdout + result.stderr


def test_helm_lint(tools, chart, tmp_path):
    """With nothing and with everything set; and a template that is broken is found."""
    for options in ([], EVERYTHING):
        result = tools.run("helm", "lint", "--strict", chart, *options)
        assert result.returncode == 0 and "0 chart(s) failed" in result.stdout, result.stdout + result.stderr
    broken = tmp_path / "broken"
    shutil.copytree(chart, broken)
    text = (broken / "templates/daemonset.yaml").read_text()
    (broken / "templates/daemonset.yaml").write_text(text.replace("maxSurge: 0", "maxSurge 0", 1))
    assert tools.run("helm", "lint", "--strict", broken).returncode != 0


def without(pod):
    """A pod's specification without what is named by who installs it."""
    pod = copy.deepcopy(pod)
    pod["priorityClassName"] = pod["volumes"][0]["configMap"]["name"] = ""
    pod["containers"][0].pop("imagePullPolicy", None)
    return pod


@pytest.mark.parametrize(
    "options, name",
    [
        ([], "base"),
        (["--set=dropSites=false"], "overlays/counters"),
        ([TLS], "overlays/tls"),
    ],
    ids=["drop sites", "counters", "tls"],
)
def test_helm_makes_the_same_pod(tools, chart, rendered, options, name):
    objects = tools.objects("helm", "template", "name", chart, *options)
    assert without(pod_of(objects)) == without(pod_of(rendered[name]))
    ours, theirs = (by_kind(found)["ConfigMap"]["data"]["config.json"] for found in (objects, rendered[name]))
    assert json.loads(ours) == json.loads(theirs)
    strategies = [by_kind(found)["DaemonSet"]["spec"]["updateStrategy"] for found in (objects, rendered[name])]
    assert strategies[0] == strategies[1]


def test_helm_has_the_same_rules(tools, chart, tree):
    objects = by_kind(tools.objects("helm", "template", "name", chart, *EVERYTHING))
    assert objects["PrometheusRule"]["spec"]["groups"] == groups(tree)
    more = "--set=prometheusRule.counterAlerts=true"
    objects = by_kind(tools.objects("helm", "template", "name", chart, *EVERYTHING, more))
    assert objects["PrometheusRule"]["spec"]["groups"] == groups(tree, (*RULES, "counter-alerts"))


def test_helm_rules_of_a_site(tools, chart, tree, tmp_path):
    """Other thresholds and another place of the runbook; a threshold that there is not is refused."""
    values = tmp_path / "values.yaml"
    options = {"enabled": True, "thresholds": {"capacity_share": 0.0025}, "runbookUrl": "https://runbook.example/"}
    values.write_text(json.dumps({"prometheusRule": options}))
    found = by_kind(tools.objects("helm", "template", "name", chart, f"--values={values}"))["PrometheusRule"]
    text = json.dumps(groups(tree)).replace("docs/runbook/", "https://runbook.example/")
    expected = json.loads(text)
    for group in expected:
        for rule in group["rules"]:
            if rule.get("record") == "netdrop:capacity_share:threshold":
                assert rule["expr"] != "vector(0.0025)"
                rule["expr"] = "vector(0.0025)"
    assert found["spec"]["groups"] == expected
    options["thresholds"] = {"capacty_share": 0.0025}
    values.write_text(json.dumps({"prometheusRule": options}))
    result = tools.run("helm", "template", "name", chart, f"--values={values}")
    assert result.returncode != 0 and "there is no capacty_share" in result.stderr


@pytest.mark.parametrize(
    "option, words",
    [
        ("--set=dropsites=false", "additional properties 'dropsites' not allowed"),
        ("--set=image.digest=latest", "does not match pattern"),
        ("--set=seccompProfile.type=Localhost", "names the profile of type Localhost"),
        ("--set=maxUnavailable=all", "does not match pattern"),
        ("--set=podLabels.app\\.kubernetes\\.io/name=x", "invalid propertyName 'app.kubernetes.io/name'"),
    ],
    ids=["unknown key", "digest", "profile without a name", "share", "label of the chart's own"],
)
def test_helm_refuses(tools, chart, option, words):
    result = tools.run("helm", "template", "name", chart, option)
    assert result.returncode != 0 and words in result.stderr, result.stderr


def test_helm_configuration(tools, chart):
    """What is set is over what the chart sets, and another configuration makes another pod."""
    option = "--set-json=config={\"collectors\":{\"drop_monitor\":{\"record\":\"off\"},\"link\":{\"interval\":\"3s\"}}}"
    before, after = (by_kind(tools.objects("helm", "template", "n", chart, *more)) for more in ([], [option]))
    configuration = json.loads(after["ConfigMap"]["data"]["config.json"])["collectors"]
    assert configuration["drop_monitor"] == {"enabled": True, "source": "bpf", "record": "off"}
    assert configuration["link"] == {"interval": "3s"}
    templates = [found["DaemonSet"]["spec"]["template"]["metadata"] for found in (before, after)]
    assert len({each["annotations"]["netdrop-exporter/config"] for each in templates}) == 2


def test_helm_annotations_and_labels(tools, chart):
    """Those of a site beside ours; of an annotation that both have, the site's."""
    values = {
        "podAnnotations": {"prometheus.io/scrape": "false", "team": "net"},
        "podLabels": {"team": "net"},
        "podMonitor": {"labels": {"release": "prometheus"}},
        "prometheusRule": {"labels": {"release": "prometheus"}},
    }
    options = [f"--set-json={key}={json.dumps(value)}" for key, value in values.items()]
    before, after = (by_kind(tools.objects("helm", "template", "n", chart, *more)) for more in ([], options))
    ours, theirs = (found["DaemonSet"]["spec"]["template"]["metadata"] for found in (before, after))
    assert ours["annotations"]["prometheus.io/scrape"] == "true"
    assert theirs["annotations"] == {**ours["annotations"], **values["podAnnotations"]}
    assert theirs["labels"] == {**ours["labels"], "team": "net"}
    selected = by_kind(tools.objects("helm", "template", "n", chart, *EVERYTHING, *options))
    for kind in ("PodMonitor", "PrometheusRule"):
        assert selected[kind]["metadata"]["labels"] == {**before["DaemonSet"]["metadata"]["labels"], "release": "prometheus"}


def test_helm_package_is_whole(tools, chart, tree, tmp_path):
    """What is handed on has the rules, too."""
    result = tools.run("helm", "package", chart, directory=tmp_path)
    assert result.returncode == 0, result.stderr
    (archive,) = tmp_path.glob("*.tgz")
    with tarfile.open(archive) as tar:
        for name in (*RULES, "counter-alerts"):
            member = tar.extractfile(f"netdrop-exporter/rules/netdrop.{name}.yml")
            assert member.read() == (tree / f"packaging/prometheus/netdrop.{name}.yml").read_bytes()


def test_one_version(tree, chart):
    """The chart's, the image's and the program's."""
    version = re.search(r"^ +version: '([\d.]+)'", (tree / "meson.build").read_text(), re.MULTILINE)[1]
    said = yaml.safe_load((chart / "Chart.yaml").read_text())
    assert (said["version"], said["appVersion"]) == (version, version)
    assert f"image: netdrop-exporter:{version}\n" in (tree / "packaging/kubernetes/base/daemonset.yaml").read_text()
    assert f'image.version="{version}"' in (tree / "packaging/container/Containerfile").read_text()
