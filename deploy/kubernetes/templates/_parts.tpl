{{- define "proxmox-mpc.name" -}}
{{- $name := default .Chart.Name .Values.nameOverride -}}
{{- if contains $name .Release.Name -}}
{{- .Release.Name | trunc 50 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-%s" .Release.Name $name | trunc 50 | trimSuffix "-" -}}
{{- end -}}
{{- end }}

{{- define "proxmox-mpc.secret" -}}
{{- .Values.existingSecret | default (include "proxmox-mpc.name" .) -}}
{{- end }}

{{- /* What selects the pods of a part: list ROOT PART. */ -}}
{{- define "proxmox-mpc.selector" -}}
{{- $root := index . 0 -}}
app.kubernetes.io/name: {{ $root.Chart.Name }}
app.kubernetes.io/instance: {{ $root.Release.Name }}
app.kubernetes.io/component: {{ index . 1 }}
{{- end }}

{{- define "proxmox-mpc.labels" -}}
{{- $root := index . 0 -}}
{{ include "proxmox-mpc.selector" . }}
app.kubernetes.io/version: {{ $root.Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ $root.Release.Service }}
helm.sh/chart: {{ printf "%s-%s" $root.Chart.Name $root.Chart.Version | replace "+" "_" }}
{{- end }}

{{- /* A Deployment of one part: list ROOT PART COMMAND. */ -}}
{{- define "proxmox-mpc.deployment" -}}
{{- $root := index . 0 -}}
{{- $part := index . 1 -}}
{{- $told := index $root.Values $part -}}
apiVersion: apps/v1
kind: Deployment
metadata:
  name: {{ include "proxmox-mpc.name" $root }}-{{ $part }}
  labels:
    {{- include "proxmox-mpc.labels" (list $root $part) | nindent 4 }}
spec:
  replicas: {{ $told.replicas }}
  selector:
    matchLabels:
      {{- include "proxmox-mpc.selector" (list $root $part) | nindent 6 }}
  strategy:
    rollingUpdate: { maxUnavailable: 0, maxSurge: 1 }
  template:
    metadata:
      labels:
        {{- include "proxmox-mpc.selector" (list $root $part) | nindent 8 }}
      annotations:
        checksum/settings: {{ toJson (list $root.Values.settings $root.Values.secret) | sha256sum }}
        {{- with $root.Values.podAnnotations }}
        {{- toYaml . | nindent 8 }}
        {{- end }}
    spec:
      automountServiceAccountToken: false
      enableServiceLinks: false
      # 5 s are drained (see below), what is open has 20 s to end, then jobs 20 s, then 30 s to stop between two requests.
      terminationGracePeriodSeconds: 90
      securityContext:
        runAsNonRoot: true
        runAsUser: 10001
        runAsGroup: 10001
        fsGroup: 10001
        seccompProfile: { type: RuntimeDefault }
      {{- with $root.Values.imagePullSecrets }}
      imagePullSecrets:
        {{- toYaml . | nindent 8 }}
      {{- end }}
      {{- with $root.Values.nodeSelector }}
      nodeSelector:
        {{- toYaml . | nindent 8 }}
      {{- end }}
      {{- with $root.Values.tolerations }}
      tolerations:
        {{- toYaml . | nindent 8 }}
      {{- end }}
      topologySpreadConstraints:
        - maxSkew: 1
          topologyKey: kubernetes.io/hostname
          whenUnsatisfiable: ScheduleAnyway
          labelSelector:
            matchLabels:
              {{- include "proxmox-mpc.selector" (list $root $part) | nindent 14 }}
      containers:
        - name: {{ $part }}
          image: "{{ $root.Values.image.repository }}:{{ $root.Values.image.tag | default $root.Chart.AppVersion }}"
          imagePullPolicy: {{ $root.Values.image.pullPolicy }}
          args: [{{ index . 2 }}]
          envFrom:
            - configMapRef: { name: {{ include "proxmox-mpc.name" $root }} }
            - secretRef: { name: {{ include "proxmox-mpc.secret" $root }} }
          securityContext:
            allowPrivilegeEscalation: false
            readOnlyRootFilesystem: true
            capabilities: { drop: [ALL] }
          resources:
            {{- toYaml $told.resources | nindent 12 }}
          volumeMounts:
            - { name: data, mountPath: /data }
            - { name: tmp, mountPath: /tmp }
          {{- if eq $part "server" }}
          ports:
            - { name: http, containerPort: 5109 }
          startupProbe:
            httpGet: { path: /api/health, port: http }
            periodSeconds: 2
            timeoutSeconds: 6
            failureThreshold: 60
          # Not ready while it ends, or has no database; killed for neither, for that would help nobody.
          readinessProbe:
            httpGet: { path: /api/health, port: http }
            periodSeconds: 5
            timeoutSeconds: 6
          livenessProbe:
            tcpSocket: { port: http }
            periodSeconds: 10
            failureThreshold: 6
          env:
            # Whoever sends requests hears a moment later that this pod ends; until then it answers.
            - { name: SERVER_DRAIN_SECONDS, value: "5" }
          {{- else }}
          ports:
            - { name: metrics, containerPort: 9109 }
          env:
            - { name: METRICS_PORT, value: "9109" }
          {{- end }}
      volumes:
        # What is remembered is in PostgreSQL: this is for caches, and ends with the pod.
        - name: data
          emptyDir: { sizeLimit: 1Gi }
        - name: tmp
          emptyDir: { sizeLimit: 1Gi }
{{- end }}
