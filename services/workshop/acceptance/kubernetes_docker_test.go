//go:build docker

package acceptance

import (
	"cmp"
	"fmt"
	"maps"
	"net/http"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

// pods starts what manifests describe as the kubelet does, by Docker: image, arguments, environment, user, groups, limits, mounts, and
// what a container may not. The brokers and the secrets are those of a secure stack.
type pods struct {
	t       *testing.T
	stack   *secureStack
	config  map[string]map[string]string // ConfigMaps
	secrets map[string]map[string]string // each key's file in the stack's volume of secrets
	made    map[string]bool              // volumes
	started int
}

func newPods(t *testing.T, s *secureStack, all []manifest) *pods {
	p := &pods{t: t, stack: s, config: map[string]map[string]string{}, made: map[string]bool{}, secrets: map[string]map[string]string{
		"workshop-cluster-ca-cert": {"ca.crt": "ca.pem"},
		"kafka-client":             {"client.properties": "teacher/client.properties"},
	}}
	for _, m := range all {
		switch m.Kind {
		case "ConfigMap":
			p.config[m.Metadata.Name] = m.Data
		case "KafkaUser":
			p.secrets[m.Metadata.Name] = map[string]string{"password": m.Metadata.Name + "/password"}
		}
	}
	return p
}

// settings are a container's environment.
func (p *pods) settings(w workload) map[string]string {
	c, env := w.Template.Spec.Containers[0], map[string]string{}
	for _, from := range c.EnvFrom {
		maps.Copy(env, p.config[from.ConfigMapRef.Name])
	}
	for _, e := range c.Env {
		env[e.Name] = e.Value
		if e.ValueFrom != nil {
			label := strings.TrimSuffix(strings.TrimPrefix(e.ValueFrom.FieldRef.FieldPath, "metadata.labels['"), "']")
			env[e.Name] = w.Template.Metadata.Labels[label]
		}
	}
	// The one thing that is not the manifest's: where these brokers are.
	if _, ok := env["BOOTSTRAP_SERVERS"]; ok {
		env["BOOTSTRAP_SERVERS"] = "broker-1:29091,broker-2:29092,broker-3:29093"
	}
	return env
}

// mount is the name of a volume with what the keys of a secret hold, as a program finds it.
func (p *pods) mount(pod podSpec, name string) string {
	p.t.Helper()
	i := slices.IndexFunc(pod.Volumes, func(v podVolume) bool { return v.Name == name })
	if i < 0 {
		p.t.Fatalf("there is no volume %s", name)
	}
	secret := pod.Volumes[i].Secret
	volume := p.stack.project + "_secret-" + secret.SecretName
	if p.made[volume] {
		return volume
	}
	p.made[volume] = true
	paths := map[string]string{} // by keys
	for key := range p.secrets[secret.SecretName] {
		paths[key] = key
	}
	if len(secret.Items) > 0 {
		clear(paths)
	}
	for _, item := range secret.Items {
		paths[item.Key] = item.Path
	}
	script, here := "cd /to", "s/^bootstrap.servers=.*/bootstrap.servers=broker-1:29091/"
	for key, path := range paths {
		script += fmt.Sprintf(" && sed '%s' /from/%s >%s", here, p.secrets[secret.SecretName][key], path)
		script += fmt.Sprintf(" && chown 0:%d %s && chmod %[3]o %[2]s", pod.SecurityContext.FSGroup, path, secret.DefaultMode)
	}
	p.stack.t.Cleanup(func() { docker(p.stack.t, "volume", "rm", volume) })
	docker(p.t, "run", "--rm", "--user", "0", "--entrypoint", "bash", "--volume", p.stack.project+"_secrets:/from:ro",
		"--volume", volume+":/to", inspect(p.t, p.stack.project+"-broker-1").Config.Image, "-c", script)
	return volume
}

// pod is a container, and the manifest that it was started from.
type pod struct {
	workload
	container, address string
}

func (p *pods) start(w workload) pod {
	p.t.Helper()
	p.started++
	spec, c := w.Template.Spec, w.Template.Spec.Containers[0]
	name := fmt.Sprintf("%s-pod-%d-%s", p.stack.project, p.started, w.name)
	s := spec.SecurityContext
	args := []string{"run", "--detach", "--name", name, "--network", p.stack.project + "_default", "--user",
		fmt.Sprintf("%d:%d", s.RunAsUser, s.RunAsGroup), "--group-add", strconv.Itoa(s.FSGroup),
		"--cpus", c.Resources.Limits.CPU, "--memory", strings.TrimSuffix(c.Resources.Limits.Memory, "i"),
		fmt.Sprintf("--read-only=%t", *c.SecurityContext.ReadOnlyRootFilesystem)}
	if !*c.SecurityContext.AllowPrivilegeEscalation {
		args = append(args, "--security-opt", "no-new-privileges:true")
	}
	for _, capability := range c.SecurityContext.Capabilities.Drop {
		args = append(args, "--cap-drop", capability)
	}
	for name, value := range p.settings(w) {
		args = append(args, "--env", name+"="+value)
	}
	for _, m := range c.VolumeMounts {
		mount := p.mount(spec, m.Name) + ":" + m.MountPath
		if m.ReadOnly {
			mount += ":ro"
		}
		args = append(args, "--volume", mount)
	}
	image := strings.Replace(c.Image, ":dev", ":"+cmp.Or(os.Getenv("WORKSHOP_VERSION"), "dev"), 1)
	docker(p.t, slices.Concat(args, []string{image}, c.Args)...)
	t := p.t
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("%s:\n%s", name, docker(t, "logs", "--tail", "30", name))
		}
		docker(t, "rm", "--force", name)
	})
	address := docker(p.t, "inspect", "-f", "{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}", name)
	return pod{w, name, strings.TrimSpace(address)}
}

// answers asks a probe once, as the kubelet does: what is below 400 is a yes.
func (d pod) answers(p *probe) bool {
	c := d.Template.Spec.Containers[0]
	i := slices.IndexFunc(c.Ports, func(port containerPort) bool { return port.Name == p.HTTPGet.Port })
	client := http.Client{Timeout: time.Duration(p.TimeoutSeconds) * time.Second}
	resp, err := client.Get(fmt.Sprintf("http://%s:%d%s", d.address, c.Ports[i].ContainerPort, p.HTTPGet.Path))
	if err != nil {
		return false
	}
	resp.Body.Close()
	return resp.StatusCode < 400
}

func (d pod) live() bool  { return d.answers(d.Template.Spec.Containers[0].LivenessProbe) }
func (d pod) ready() bool { return d.answers(d.Template.Spec.Containers[0].ReadinessProbe) }

// ended waits for a container's end and returns its exit code.
func (d pod) ended(t *testing.T) string {
	t.Helper()
	return strings.TrimSpace(docker(t, "wait", d.container))
}

// What kubernetes/ describes runs and is ready, confined as the manifests say; and what is wrong in one of them shows.
func kubernetesWorkloads(t *testing.T, s *secureStack) {
	s.compose(slices.Concat([]string{"stop"}, programs)...)
	all := manifests(t, "strimzi")
	p := newPods(t, s, all)
	var running []pod
	for _, w := range workloads(t, all) {
		for range *w.Replicas {
			running = append(running, p.start(w))
		}
	}
	for _, d := range running {
		eventually(t, d.container+" is live and ready", func() bool { return d.live() && d.ready() })
	}
	t.Run("messages flow", func(t *testing.T) {
		for _, d := range running {
			awaitLog(t, d.container, map[string]string{
				"producer": "mensagem enviada para o kafka", "consumer": `{"id_sequencia":`, "score-simulator": `Enviando: {"id":`,
				"scoreboard": "TeamA      TeamB", "monitor": "partições observadas: 0, 1, 2",
			}[d.name])
		}
	})
	for _, control := range []struct {
		name string
		test func(*testing.T, *pods, workload)
	}{
		{"a root that is written to", writesToItsRoot},
		{"no authority", lacksTheAuthority},
		{"another's password", hasAnothersPassword},
	} {
		t.Run(control.name, func(t *testing.T) {
			p.t = t
			control.test(t, p, running[slices.IndexFunc(running, func(d pod) bool { return d.name == "producer" })].workload)
		})
	}
	t.Run("they stop in time", func(t *testing.T) {
		for _, d := range running {
			docker(t, "stop", "--time", strconv.Itoa(d.Template.Spec.TerminationGracePeriodSeconds), d.container)
			if code := d.ended(t); code != "0" || inspect(t, d.container).State.OOMKilled {
				t.Errorf("%s ended with %s", d.container, code)
			}
		}
	})
	t.Run("with a client.properties", withClientProperties(s))
}

func writesToItsRoot(t *testing.T, p *pods, w workload) {
	c := w.container()
	c.Env = append(c.Env, variable{Name: "HISTORY", Value: "/tmp/history.jsonl"})
	if d := p.start(w); d.ended(t) == "0" || !strings.Contains(docker(t, "logs", d.container), "read-only file system") {
		t.Errorf("it writes to a root that is read-only:\n%s", docker(t, "logs", d.container))
	}
	c.SecurityContext.ReadOnlyRootFilesystem = new(false)
	d := p.start(w)
	eventually(t, "the same is ready where the root is not read-only", d.ready)
}

func lacksTheAuthority(t *testing.T, p *pods, w workload) {
	c := w.container()
	c.Env = append(c.Env, variable{Name: "KAFKA_TLS_CA_FILE"})
	d := p.start(w)
	awaitLog(t, d.container, "ninguém em quem se confia aqui assinou o certificado")
	if d.ready() || !d.live() {
		t.Errorf("ready: %v; live: %v", d.ready(), d.live())
	}
}

func hasAnothersPassword(t *testing.T, p *pods, w workload) {
	w.Template.Spec.Volumes = slices.Clone(w.Template.Spec.Volumes)
	for i, v := range w.Template.Spec.Volumes {
		if v.Name == "login" {
			w.Template.Spec.Volumes[i].Secret.SecretName = "consumer"
		}
	}
	d := p.start(w)
	awaitLog(t, d.container, "login recusado")
	if d.ready() || !d.live() {
		t.Errorf("ready: %v; live: %v", d.ready(), d.live())
	}
}

// The overlay for any Kafka: the Job ends, and a program is ready.
func withClientProperties(s *secureStack) func(*testing.T) {
	return func(t *testing.T) {
		all := manifests(t, "bootstrap")
		p := newPods(t, s, all)
		p.started = 100 // other names than those before
		for _, w := range workloads(t, all) {
			switch w.name {
			case "topics":
				if d := p.start(w); d.ended(t) != "0" || !strings.Contains(docker(t, "logs", d.container), "transactions          existe") {
					t.Errorf("the Job failed:\n%s", docker(t, "logs", d.container))
				}
			case "consumer":
				d := p.start(w)
				eventually(t, "the consumer is live and ready", func() bool { return d.live() && d.ready() })
			}
		}
	}
}
