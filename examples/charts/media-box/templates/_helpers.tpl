{{/* What the release's objects are called: the release, and the chart where the release does not say it. */}}
{{- define "media-box.fullname" -}}
{{- $name := default "media" .Values.nameOverride }}
{{- if .Values.fullnameOverride }}
{{- .Values.fullnameOverride | trunc 40 | trimSuffix "-" }}
{{- else if contains $name .Release.Name }}
{{- .Release.Name | trunc 40 | trimSuffix "-" }}
{{- else }}
{{- printf "%s-%s" .Release.Name $name | trunc 40 | trimSuffix "-" }}
{{- end }}
{{- end }}

{{/* The mount points of an application, in slots of their own: a list that grows at its end moves no volume. */}}
{{- define "media-box.mounts" -}}
{{- $root := .root }}
{{- range $number, $mount := .mounts }}
- slot: mp{{ $number }}
  storage: {{ default $root.Values.storage $mount.storage }}
  size: {{ $mount.size }}
  target: {{ $mount.target }}
  backup: {{ default false $mount.backup }}
{{- end }}
{{- end }}
