"""Kaiwa on Kubernetes; docs/kubernetes.md says how to bring it up.

base/          every process, the Jobs that make table and topics, who may speak to whom, the Ingress
issuer/        the development issuer
components/    process: what all pods have in common · keda, strimzi: for clusters that have those operators
overlays/      local: all of it in one namespace · aws: MSK, DynamoDB, Cognito · aws-operators: Strimzi and KEDA there
rendered/      what kustomize makes of each overlay; looked at by tests, applied by nobody

__main__.py    `python -m deploy.kubernetes [--check]` writes what is generated, here and in deploy/aws
topics.py      the topics of contracts/topics.py as resources of Strimzi
rendering.py   overlays through kustomize
"""
