"""M-PESA: phones, account numbers, amounts, questions to Daraja, and which money is the same."""
