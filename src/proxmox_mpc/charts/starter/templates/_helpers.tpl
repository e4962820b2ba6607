{{/* The chart's name, or what stands for it. */}}
{{- define "<CHARTNAME>.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 53 | trimSuffix "-" }}
{{- end }}

{{/* What machines are called: the release's name, with the chart's unless that is in it. A guest's name has 63 letters. */}}
{{- define "<CHARTNAME>.fullname" -}}
{{- if .Values.fullnameOverride }}
{{- .Values.fullnameOverride | trunc 53 | trimSuffix "-" }}
{{- else }}
{{- $name := include "<CHARTNAME>.name" . }}
{{- if contains $name .Release.Name }}
{{- .Release.Name | trunc 53 | trimSuffix "-" }}
{{- else }}
{{- printf "%s-%s" .Release.Name $name | trunc 53 | trimSuffix "-" }}
{{- end }}
{{- end }}
{{- end }}

{{/* PVE's tags are labels: the release's, and those of the values. */}}
{{- define "<CHARTNAME>.labels" -}}
{{- $tags := prepend .Values.tags (.Release.Name | lower | replace "." "-") | uniq }}
{{- range $tags }}
- {{ . | quote }}
{{- end }}
{{- end }}
