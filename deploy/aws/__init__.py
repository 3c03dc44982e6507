"""What Kaiwa needs of AWS, generated from the code: `python -m deploy.kubernetes` writes it.

template.py   table.yaml: the one table as CloudFormation, as `kaiwa table --check` wants it
policies.py   iam/PROCESS.json: what each process may ask of the table, and of which rows
"""
