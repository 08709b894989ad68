from deploy.local.run import main

main()
