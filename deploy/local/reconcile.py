"""`make reconcile`: what every service stores beside its facts, on the running stack, against them and Kafka."""

from deploy.local.verify import for_each_service

if __name__ == "__main__":
    for_each_service(lambda service: ("shared.reconcile", service, "--kafka"))
