{{/* What the release's objects are called: the release, and the chart where the release does not say it. */}}
{{- define "postgres.fullname" -}}
{{- $name := default "postgres" .Values.nameOverride }}
{{- if .Values.fullnameOverride }}
{{- .Values.fullnameOverride | trunc 53 | trimSuffix "-" }}
{{- else if contains $name .Release.Name }}
{{- .Release.Name }}
{{- else }}
{{- printf "%s-%s" .Release.Name $name | trunc 53 | trimSuffix "-" }}
{{- end }}
{{- end }}

{{/* A job around an upgrade: `event` and what is done with the snapshot. */}}
{{- define "postgres.snapshot" -}}
apiVersion: proxmox.io/v1
kind: Job
metadata:
  name: {{ include "postgres.fullname" .root }}-{{ .event }}
  annotations:
    proxmox.io/hook: {{ .event }}
spec:
  steps:
    - action: {{ .action }}
      with:
        kind: vm
        guests:
          {{- range $number := list 1 2 }}
          - {{ add $.root.Values.vmid $number | quote }}
          {{- end }}
        name: before-revision-{{ .root.Release.Revision }}
{{- end }}
