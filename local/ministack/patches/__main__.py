"""Starts MiniStack with its gaps closed: python -m patches."""

from patches import cloudformation, ecs, eventbridge, lambda_functions, s3, sqs, step_functions

for service in (cloudformation, ecs, eventbridge, lambda_functions, s3, sqs, step_functions):
    service.apply()

if __name__ == "__main__":
    from ministack.app import main

    main()
