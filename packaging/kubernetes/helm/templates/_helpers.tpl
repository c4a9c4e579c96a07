{{/* SPDX-License-Identifier: GPL-2.0-or-later */}}
{{- define "netdrop.selector" -}}
app.kubernetes.io/name: {{ .Chart.Name }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}
{{- define "netdrop.labels" -}}
{{ include "netdrop.selector" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" }}
{{- end }}
{{- define "netdrop.priorityClass" -}}
{{ .Values.priorityClass.name | default .Release.Name }}
{{- end }}
{{- define "netdrop.podAnnotations" -}}
kubectl.kubernetes.io/default-container: {{ .Chart.Name }}
netdrop-exporter/config: {{ include "netdrop.config" . | sha256sum | quote }}
{{- if not .Values.podMonitor.enabled }}
prometheus.io/scrape: "true"
prometheus.io/port: {{ .Values.port | quote }}
{{- if .Values.tls.secretName }}
prometheus.io/scheme: https
{{- end }}
{{- end }}
{{- end }}
{{- define "netdrop.scheme" -}}
{{ if .Values.tls.secretName }}, scheme: HTTPS{{ end }}
{{- end }}
{{- define "netdrop.config" -}}
{{- $sites := ternary (dict "enabled" true "source" "bpf") (dict "enabled" false) .Values.dropSites -}}
{{- $own := dict "collectors" (dict "drop_monitor" $sites) -}}
{{- mergeOverwrite $own (deepCopy .Values.config) | toPrettyJson }}
{{- end }}
